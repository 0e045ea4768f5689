/** The context that a request sets off, and how events come by it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import fastify from 'fastify';
import { EventContext, Records, type RequestContext } from '../../src/index.ts';
import { stage } from './support/application.ts';

interface Step {
  readonly step: string;
  readonly context?: RequestContext;
}

const recorded: Step[] = [];
const Stepped = Records.define<Step>({
  name: 'Stepped',
  url: import.meta.url,
  context: { app: { name: 'shop', version: '1' }, request: { method: 'NONE' } },
  handleEvent: (events) => void recorded.push(...events.map(({ data }) => data)),
});

describe('EventContext.run', () => {
  const scene = stage();

  it('holds for all that is set off inside, whatever is awaited, and is laid over the one outside', async () => {
    expect(EventContext.current()).to.equal(undefined);
    const seen = await EventContext.run({ user: { id: 1 }, session: { id: 's', index: 1 } }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const inner = await EventContext.run({ session: { index: 2 }, user: { id: undefined } }, async () => {
        await null;
        return EventContext.current();
      });
      return [EventContext.current(), inner];
    });
    expect(seen).to.deep.equal([
      { user: { id: 1 }, session: { id: 's', index: 1 } },
      { user: { id: 1 }, session: { id: 's', index: 2 } },
    ]);
    expect(EventContext.current()).to.equal(undefined);
  });

  it('gives events their context: that of the definition, under that of run, under their own', async () => {
    const app = await scene.start({ isolation: 'inline' });
    recorded.length = 0;
    Stepped.record({ step: 'outside' });
    EventContext.run({ request: { method: 'POST', path: '/a' } }, () => {
      Stepped.record({ step: 'inside' });
      Stepped.record({ step: 'own', context: { request: { path: '/b' }, user: { id: 7 } } });
    });
    await app.flush();
    const shop = { name: 'shop', version: '1' };
    expect(recorded).to.deep.equal([
      { step: 'outside', context: { app: shop, request: { method: 'NONE' } } },
      { step: 'inside', context: { app: shop, request: { method: 'POST', path: '/a' } } },
      { step: 'own', context: { app: shop, request: { method: 'POST', path: '/b' }, user: { id: 7 } } },
    ]);
  });
});

describe('EventContext.fromRequest', () => {
  const headers = {
    'user-agent': 'test/1',
    'accept-language': 'fr-FR,fr;q=0.9',
    'x-request-id': 'r-1',
    referer: 'https://a.example/page?token=hush',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    cookie: 'session=hush',
  };
  const expected = {
    request: { id: 'r-1', method: 'GET', path: '/v1/sign-up', referrer: 'https://a.example/page' },
    device: { userAgent: 'test/1', locale: 'fr-FR' },
    trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
  };
  const path = '/v1/sign-up?token=hush';

  async function ask(port: number): Promise<RequestContext> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return (await response.json()) as RequestContext;
  }

  it('reads a request of Node', async () => {
    const contexts: RequestContext[] = [];
    const server = createServer((req: IncomingMessage, res) => {
      contexts.push(EventContext.fromRequest(req, { includeIp: true }));
      res.end(JSON.stringify(EventContext.fromRequest(req)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(await ask((server.address() as AddressInfo).port)).to.deep.equal(expected);
    expect(contexts[0]?.request?.ip).to.equal('127.0.0.1');
    server.close();
    server.closeAllConnections();
  });

  it('reads a request of Express, with the path from its root on', async () => {
    const router = express.Router();
    router.get('/sign-up', (req, res) => void res.json(EventContext.fromRequest(req)));
    const server = express().use('/v1', router).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await ask((server.address() as AddressInfo).port)).to.deep.equal(expected);
    server.close();
    server.closeAllConnections();
  });

  it('reads a request of Fastify, with the id that it has there', async () => {
    const app = fastify({ genReqId: () => 'r-1' });
    app.get('/v1/sign-up', async (req) => EventContext.fromRequest(req));
    const response = await app.inject({ method: 'GET', url: path, headers });
    expect(response.json()).to.deep.equal(expected);
    await app.close();
  });

  it('takes what is missing, or no trace, for unknown', () => {
    const bare = { method: 'GET', url: '/', headers: { traceparent: '00-zz' } };
    expect(JSON.parse(JSON.stringify(EventContext.fromRequest(bare)))).to.deep.equal({
      request: { method: 'GET', path: '/' },
    });
  });
});
