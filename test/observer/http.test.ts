/** The observer over HTTP: what each path answers, and what is refused. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Application, type Observer, observerHandler } from '../../src/index.ts';
import { ProbeA } from '../pipeline/fixtures/probe.ts';
import { rejection, snapshotWith, stage } from '../pipeline/support/application.ts';
import { ask, eventsUntil, type ServerSentEvent } from './support/client.ts';

const ANY_PORT = { port: 0 };
const TOKEN = 'a token of enough characters';

function nodeNamed(event: ServerSentEvent | undefined, name: string): { readonly pid: string } {
  return event?.data.nodes.find(({ id }: { id: string }) => id === name);
}

describe('The observer over HTTP', () => {
  const at = stage();
  let app: Application;
  let observer: Observer;
  let api: string;

  const observe = async (options: Parameters<Application['observe']>[0] = {}): Promise<void> => {
    app = await at.start();
    observer = await app.observe({ ...ANY_PORT, ...options });
    api = `${observer.url}/api/v1`;
  };
  const recordOne = async (): Promise<void> => {
    ProbeA.record({ n: 1 });
    await app.flush();
  };

  it('has its port among the options, with its source, for as long as it is open', async () => {
    await observe();
    const ports = async () => (await app.inspect()).options.filter(({ name }) => name === 'observe().port');
    expect(await ports()).to.deep.equal([
      { name: 'observe().port', recordType: null, value: '0', source: 'code' },
    ]);
    expect((await ask(`${api}/snapshot`)).body.options).to.deep.include((await ports())[0]);
    await observer.close();
    expect(await ports()).to.deep.equal([]);
  });

  it('serves the same picture as inspect(), as a tree, in parts, and by process', async () => {
    await observe();
    await recordOne();
    const { nodes } = await app.inspect();
    const ids = nodes.map(({ id }) => id);
    expect((await ask(`${api}/tree`)).body.nodes.map(({ id }: { id: string }) => id)).to.deep.equal(ids);
    expect((await ask(`${api}/snapshot`)).body.ledger.delivered).to.equal(1);
    const branch = (await ask(`${api}/tree?root=ServerSupervisor`)).body.nodes;
    expect(branch.map(({ id }: { id: string }) => id)).to.deep.equal(['ServerSupervisor', 'DispatchServer']);
    const top = (await ask(`${api}/tree?depth=1`)).body.nodes;
    expect(top.map(({ id }: { id: string }) => id)).to.deep.equal(['Application']);
    const one = await ask(`${api}/processes/${encodeURIComponent('Producer/ProbeA')}`);
    expect(one.body.process.kind).to.equal('producer');
    expect(one.body.edges).to.have.length(1);
    const { pid } = one.body.process;
    expect((await ask(`${api}/processes/${encodeURIComponent(pid)}`)).body.process.id).to.equal(
      'Producer/ProbeA',
    );
    expect((await ask(`${api}/processes?sort=handled&limit=2`)).body.processes).to.have.length(2);
    expect((await ask(`${api}/records/ProbeA`)).body.record.delivered).to.equal(1);
    expect((await ask(`${api}/records`)).body.records.map(({ name }: { name: string }) => name)).to.include(
      'ProbeA',
    );
    expect((await ask(`${api}/threads`)).body.threads).to.be.an('array');
    expect((await ask(`${api}/restarts`)).body.restarts).to.deep.equal([]);
    for (const path of ['tree', 'snapshot', 'processes', 'records', 'threads', 'restarts', 'health'])
      expect((await ask(`${api}/${path}`)).body).to.include.keys('schemaVersion', 'takenAt');
  });

  it('tells whether the process lives and whether it is ready', async () => {
    await observe();
    expect((await ask(`${observer.url}/healthz`)).status).to.equal(200);
    expect((await ask(`${observer.url}/readyz`)).status).to.equal(200);
    at.adapter.failNext(Number.POSITIVE_INFINITY, { code: 'ServiceUnavailable', retryable: true });
    ProbeA.record({ n: 1 });
    await snapshotWith(app, ({ health }) => health.some(({ level }) => level === 'bad'));
    const ready = await ask(`${observer.url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(ready.body.health[0].text).to.match(
      /^ProbeA: in backoff after \d+ failures of PutRecords to ProbeA/,
    );
    expect((await ask(`${observer.url}/healthz`)).status).to.equal(200);
    at.adapter.recover();
  });

  it('gives Prometheus its text', async () => {
    await observe();
    await recordOne();
    const { headers, text } = await ask(`${observer.url}/metrics`);
    expect(headers['content-type']).to.match(/^text\/plain/);
    expect(text).to.contain('beamline_events_total{record_type="ProbeA",outcome="delivered"} 1');
    expect(text).to.contain('beamline_events_total{record_type="ProbeA",outcome="recovered"} 0');
    expect(text).to.match(/beamline_health\{record_type="ProbeA"\} 0/);
  });

  it('streams a snapshot, then what changes, then what happened', async () => {
    await observe();
    await recordOne();
    const first = await eventsUntil(`${api}/events?what=tree`, ({ event }) => event === 'delta');
    expect(first.map(({ event }) => event)).to.deep.equal(['snapshot', 'delta']);
    const { pid } = nodeNamed(first[0], 'Producer/ProbeA');
    app.kill(pid);
    const [restart] = await eventsUntil(`${api}/events`, ({ event }) => event === 'feed');
    expect(restart?.data.text).to.match(
      /^Producer\/ProbeA ended: killed \(restart 1, started again at once\)$/,
    );
  });

  it('goes on after the last event that a reader has seen', async () => {
    await observe();
    await recordOne();
    const kill = async (restarts: number): Promise<void> => {
      const { nodes } = await snapshotWith(app, (snapshot) =>
        snapshot.nodes.some(
          (node) => node.id === 'Producer/ProbeA' && node.restarts === restarts && node.pid !== null,
        ),
      );
      app.kill(nodes.find(({ id }) => id === 'Producer/ProbeA')?.pid ?? '');
    };
    await kill(0);
    const [first] = await eventsUntil(`${api}/events`, ({ data }) => data?.text?.startsWith('Producer'));
    await kill(1);
    const [second] = await eventsUntil(`${api}/events`, ({ event }) => event === 'feed', {
      headers: { 'last-event-id': first?.id ?? '' },
    });
    expect(second?.data.text).to.contain('restart 2');
    const after = encodeURIComponent(first?.id ?? '');
    const [again] = await eventsUntil(`${api}/events?after=${after}`, ({ event }) => event === 'feed');
    expect(again?.data).to.deep.equal(second?.data);
  });

  for (const [what, path, method, status, code] of [
    ['a path that is not there', '/api/v1/trees', 'GET', 404, 'ERR_PATH'],
    ['a process that is not there', '/api/v1/processes/%3C9.9%3E', 'GET', 404, 'ERR_PROCESS'],
    ['a record type that is not there', '/api/v1/records/Nobody', 'GET', 404, 'ERR_RECORD_TYPE'],
    ['a path that is not encoded well', '/api/v1/processes/%E0%A4%A', 'GET', 400, 'ERR_PATH'],
    ['an order that is none', '/api/v1/processes?sort=beauty', 'GET', 400, 'ERR_QUERY'],
    ['a limit that is none', '/api/v1/processes?limit=-1', 'GET', 400, 'ERR_QUERY'],
    ['a method that a path does not take', '/api/v1/tree', 'POST', 405, 'ERR_METHOD'],
    ['a method that nothing takes', '/api/v1/tree', 'DELETE', 405, 'ERR_METHOD'],
    ['a state that is not shown', '/api/v1/processes/Registry/state', 'GET', 403, 'ERR_STATE_HIDDEN'],
    ['an action that is not allowed', '/api/v1/processes/Registry/kill', 'POST', 403, 'ERR_ACTIONS_OFF'],
    ['a flush that is not allowed', '/api/v1/flush', 'POST', 403, 'ERR_ACTIONS_OFF'],
    ['an action that is none', '/api/v1/processes/Registry/praise', 'POST', 404, 'ERR_ACTION'],
  ] as const) {
    it(`says what is wrong with ${what}`, async () => {
      await observe();
      const reply = await ask(`${observer.url}${path}`, { method });
      expect(reply.status).to.equal(status);
      expect(reply.body.error.code).to.equal(code);
    });
  }

  it('refuses pages of other origins, names that anybody could point here, and callers without the token', async () => {
    await observe({ token: TOKEN });
    const { host } = new URL(observer.url);
    const authorization = `Bearer ${TOKEN}`;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await ask(`${api}/tree`, { headers })).status;
    expect(await status({ authorization })).to.equal(200);
    expect(await status({ authorization, origin: observer.url })).to.equal(200);
    expect(await status({ authorization, origin: 'http://evil.example' })).to.equal(403);
    expect(await status({ authorization, origin: 'null' })).to.equal(403);
    expect(await status({ authorization, 'sec-fetch-site': 'cross-site' })).to.equal(403);
    expect(await status({ authorization, host: 'evil.example' })).to.equal(421);
    expect(await status({ authorization, host: host.replace('127.0.0.1', 'localhost') })).to.equal(200);
    expect(await status({})).to.equal(401);
    expect(await status({ authorization: 'Bearer not the token' })).to.equal(401);
    expect((await ask(observer.url)).status, 'the page too').to.equal(401);
  });

  it('takes the token once in the address of the page, and a cookie from then on', async () => {
    await observe({ token: TOKEN });
    const first = await ask(`${observer.url}/?token=${encodeURIComponent(TOKEN)}`);
    expect(first.status).to.equal(303);
    expect(first.headers.location).to.equal('./');
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).to.contain('HttpOnly').and.to.contain('SameSite=Strict').and.not.to.contain(TOKEN);
    const headers = { cookie: cookie.split(';', 1)[0] ?? '' };
    expect((await ask(`${api}/tree`, { headers })).status).to.equal(200);
    expect((await ask(`${observer.url}/?token=wrong`)).status).to.equal(401);
  });

  it('does not listen where other machines reach it without a token, and names the ways out', async () => {
    app = await at.start();
    const error = await rejection(app.observe({ host: '0.0.0.0', ...ANY_PORT }));
    expect(error.code).to.equal('ERR_OBSERVER_EXPOSED');
    expect(error.message).to.contain('ssh -L').and.to.contain('token').and.to.contain('observerHandler');
    const observer = await app.observe({ host: '0.0.0.0', token: TOKEN, ...ANY_PORT });
    expect(new URL(observer.url).port).to.match(/^\d+$/);
  });

  it('says so when the port is taken', async () => {
    await observe();
    const error = await rejection(app.observe({ port: Number(new URL(observer.url).port) }));
    expect(error.code).to.equal('ERR_OBSERVER_PORT');
    expect(error.message).to.contain('another program listens there already');
  });

  it('sends no page that could be framed, kept, or fed from elsewhere', async () => {
    await observe();
    const { headers } = await ask(`${api}/tree`);
    expect(headers['content-security-policy'])
      .to.contain("default-src 'none'")
      .and.to.contain("frame-ancestors 'none'");
    expect(headers['cache-control']).to.equal('no-store');
    expect(headers['access-control-allow-origin']).to.equal(undefined);
  });

  it('serves the page, which asks nobody else for anything', async () => {
    await observe();
    const page = await ask(`${observer.url}/`);
    expect(page.status).to.equal(200);
    expect(page.headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(page.text)
      .to.contain('src="page.js"')
      .and.not.to.match(/(src|href)="(https?:)?\/\//);
    expect((await ask(`${observer.url}/page.js`)).status).to.equal(200);
    expect((await ask(`${observer.url}/page.css`)).text).not.to.match(/url\((?!data:)/);
  });

  it('kills, suspends, resumes, restarts and flushes when it may', async () => {
    await observe({ allowActions: true });
    await recordOne();
    const post = (path: string) => ask(`${api}/${path}`, { method: 'POST' });
    const producer = `processes/${encodeURIComponent('Producer/ProbeA')}`;
    expect((await post(`${producer}/suspend`)).status).to.equal(200);
    const suspended = await ask(`${api}/health`);
    expect(suspended.body.health[0].text).to.equal('ProbeA: its Producer is suspended by hand');
    expect((await ask(`${api}/${producer}`)).body.process.status).to.equal('suspended');
    expect((await post(`${producer}/resume`)).status).to.equal(200);
    expect((await ask(`${api}/${producer}`)).body.process.status).to.equal('waiting');
    expect((await post(`${producer}/kill`)).status).to.equal(200);
    await snapshotWith(app, ({ nodes }) =>
      nodes.some(({ id, restarts }) => id === 'Producer/ProbeA' && restarts === 1),
    );
    expect((await post('threads/ProbeA/restart')).status).to.equal(200);
    await snapshotWith(app, ({ restarts }) => restarts.some(({ id }) => id === 'Thread/ProbeA'));
    expect((await post('flush')).status).to.equal(202);
    expect((await post('processes/Application/kill')).status).to.equal(409);
  });

  it('shows states when it may, without payloads', async () => {
    await observe({ showState: true });
    await recordOne();
    const local = await ask(`${api}/processes/RecordsSupervisor/state`);
    expect(local.body.state.intensity).to.deep.equal({ maxRestarts: 3, maxSeconds: 5 });
    const remote = await ask(`${api}/processes/${encodeURIComponent('Producer/ProbeA')}/state`);

    expect(remote.body.state.user.phase).to.equal('idle');
    expect(remote.body.state.user.batches).to.equal('[0 not shown]');
  });

  it('can be mounted in a server of the user', async () => {
    app = await at.start();
    const handler = observerHandler(app);
    const server = createServer((request, response) => {
      request.url = request.url?.replace(/^\/debug/, '') ?? '/';
      handler(request, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    expect((await ask(`http://127.0.0.1:${port}/debug/api/v1/tree`)).status).to.equal(200);
    handler.close();
    server.close();
  });

  it('is closed when the application has stopped', async () => {
    await observe();
    await app.stop();
    expect((await rejection(ask(`${api}/tree`))).code).to.equal('ECONNREFUSED');
  });
});
