import { expect } from 'chai';
import fc from 'fast-check';
import { generateEventId, masterJson } from '../../../src/pipeline/event/master-event.ts';
import { textJson } from '../../../src/pipeline/event/master-json.ts';
import type { RequestContext } from '../../../src/pipeline/event/request-context.ts';
import { EventContext, type EventData } from '../../../src/pipeline/event-context.ts';
import { Message } from '../../../src/pipeline/message.ts';
import { wellFormed } from '../../support/well-formed.ts';

const eventData: EventData = { eventSource: 'API', eventType: 'signup', eventAction: 'confirm' };
const columns = {
  event_source: 'API',
  event_type: 'signup',
  event_action: 'confirm',
  event_object: '',
  event_property: '',
  event_value: '',
};

const everything = {
  user: { id: 7n, anonymousId: 'anon', tenantId: 3, traits: { plan: 'free' } },
  session: { id: 's-1', index: 2 },
  device: {
    id: 'd-1',
    type: 'mobile',
    os: 'iOS',
    osVersion: '17.2',
    model: 'iPhone',
    userAgent: 'Mozilla/5.0',
    locale: 'fr-FR',
    timezone: 'Europe/Paris',
  },
  request: {
    id: 'r-1',
    method: 'POST',
    path: '/sign-up?token=hush#top',
    referrer: 'https://a.example/',
    ip: '10.0.0.1',
  },
  app: { name: 'shop', version: '1.2.3', environment: 'production', instance: 'i-1', region: 'eu-west-1' },
  trace: { traceId: 't-1', spanId: 'p-1' },
} satisfies RequestContext;

/** The record without the moment at which it was made, which is checked for its form. */
function timeless(text: string): string {
  expect(text).to.match(/,"sent_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",/);
  return text.replace(/,"sent_at":"[^"]+"/, '');
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('EventContext.fromContext', () => {
  it('has the six columns of the event, empty where not given', () => {
    expect(json(EventContext.fromContext(eventData, {}))).to.deep.equal(columns);
    const full = { ...eventData, eventObject: 'form', eventProperty: 'long', eventValue: 12.5 };
    expect(json(EventContext.fromContext(full))).to.deep.equal({
      ...columns,
      event_object: 'form',
      event_property: 'long',
      event_value: 12.5,
    });
  });

  it('takes over every section under the names of the record', () => {
    expect(json(EventContext.fromContext(eventData, everything))).to.deep.equal({
      ...columns,
      user: { id: '7', anonymous_id: 'anon', tenant_id: '3', traits: { plan: 'free' } },
      session: { id: 's-1', index: 2 },
      device: {
        id: 'd-1',
        type: 'mobile',
        os: 'iOS',
        os_version: '17.2',
        model: 'iPhone',
        user_agent: 'Mozilla/5.0',
        locale: 'fr-FR',
        timezone: 'Europe/Paris',
      },
      request: { id: 'r-1', method: 'POST', path: '/sign-up', referrer: 'https://a.example/' },
      app: {
        name: 'shop',
        version: '1.2.3',
        environment: 'production',
        instance: 'i-1',
        region: 'eu-west-1',
      },
      trace: { trace_id: 't-1', span_id: 'p-1' },
    });
  });

  it('leaves the IP address out unless it is asked for', () => {
    const ip = (options?: { includeIp: boolean }) =>
      EventContext.fromContext(eventData, everything, options).request?.ip;
    expect(ip()).to.equal(undefined);
    expect(ip({ includeIp: false })).to.equal(undefined);
    expect(ip({ includeIp: true })).to.equal('10.0.0.1');
  });

  it('takes over no field that it does not name', () => {
    const request = { ...everything.request, headers: { cookie: 'hush' }, body: 'hush' };
    const context = { user: { id: 1, passwordHash: 'hush' }, request, secrets: 'hush' };
    expect(JSON.stringify(EventContext.fromContext(eventData, context))).to.not.include('hush');
  });

  it('takes sections that are null, and no context at all, for unknown', () => {
    expect(json(EventContext.fromContext(eventData, null))).to.deep.equal(columns);
    expect(json(EventContext.fromContext(eventData, { user: null, session: null }))).to.deep.equal(columns);
  });

  it('does not change what it is given, and survives the way to another thread', () => {
    const before = structuredClone(everything);
    const context = EventContext.fromContext(eventData, everything);
    expect(everything).to.deep.equal(before);
    expect(structuredClone(context)).to.deep.equal(context);
  });
});

describe('masterJson', () => {
  const context = EventContext.fromContext(eventData, everything);

  it('is the master record, in the documented names and order', () => {
    const text = masterJson('b-1-7', 'u_42', { id: 42, traits: { plan: 'paid' } }, context);
    expect(timeless(text)).to.equal(
      '{"event_id":"b-1-7","event_source":"API","event_type":"signup","event_action":"confirm",' +
        '"event_object":"","event_property":"","event_value":"",' +
        '"user":{"id":"42","public_id":"u_42","anonymous_id":"anon","tenant_id":"3","traits":{"plan":"paid"}},' +
        '"session":{"id":"s-1","index":2},' +
        '"device":{"id":"d-1","type":"mobile","os":"iOS","os_version":"17.2","model":"iPhone",' +
        '"user_agent":"Mozilla/5.0","locale":"fr-FR","timezone":"Europe/Paris"},' +
        '"request":{"id":"r-1","method":"POST","path":"/sign-up","referrer":"https://a.example/"},' +
        '"app":{"name":"shop","version":"1.2.3","environment":"production","instance":"i-1","region":"eu-west-1"},' +
        '"trace":{"trace_id":"t-1","span_id":"p-1"}}',
    );
  });

  it('has an event of nobody known', () => {
    const text = masterJson('b-1-7', null, null, EventContext.fromContext(eventData));
    expect(JSON.parse(timeless(text))).to.deep.equal({ event_id: 'b-1-7', ...columns, user: {} });
  });

  it("takes from the user what an analytics stream may hold, whatever else the application's user has", () => {
    const user = { id: 'u-1', email: 'ada@example.com', passwordHash: 'hush', anonymousId: null };
    const text = masterJson('b-1-7', 'u_1', user, EventContext.fromContext(eventData));
    expect(JSON.parse(text).user).to.deep.equal({ id: 'u-1', public_id: 'u_1' });
  });

  it('goes into a message as it is', () => {
    const text = masterJson('b-1-7', 42, { id: 42 }, context);
    expect(new Message(42, text).data).to.equal(text);
    expect(JSON.parse(text).user.public_id).to.equal('42');
  });

  it('has three moments: of what happened, of record(), and of its own making', () => {
    const before = Date.now();
    const event = { id: 'b-1-7', recordedAt: new Date(1_700_000_000_123) };
    const happened = (occurredAt: Date | string | number) =>
      JSON.parse(masterJson(event, null, null, EventContext.fromContext({ ...eventData, occurredAt })));
    const record = happened(new Date(1_600_000_000_000));
    expect(record).to.include({
      event_id: 'b-1-7',
      occurred_at: '2020-09-13T12:26:40.000Z',
      recorded_at: '2023-11-14T22:13:20.123Z',
    });
    expect(Date.parse(record.sent_at)).to.be.within(before, Date.now());
    expect(happened(1_600_000_000_000).occurred_at).to.equal('2020-09-13T12:26:40.000Z');
    expect(happened('2020-09-13T14:26:40+02:00').occurred_at).to.equal('2020-09-13T12:26:40.000Z');
    expect(() => happened('yesterday'))
      .to.throw('occurredAt')
      .with.property('code', 'ERR_MESSAGE');
  });

  it('writes any text as JSON does', () => {
    fc.assert(
      fc.property(wellFormed({ maxLength: 80 }), (text) => {
        expect(textJson(text)).to.equal(JSON.stringify(text));
      }),
    );
    for (const text of ['"', '\\', '\n', '\u0000', 'é', '😀', '\ud800', ''])
      expect(textJson(text)).to.equal(JSON.stringify(text));
  });

  it('tells events of different columns apart, whatever came before', () => {
    const columnsOf = (data: EventData) => {
      const { event_type, event_action, event_value } = JSON.parse(
        masterJson('id', null, null, EventContext.fromContext(data)),
      );
      return [event_type, event_action, event_value];
    };
    const one = { eventSource: 'API', eventType: 'a', eventAction: 'b', eventValue: 1 };
    expect(columnsOf(one)).to.deep.equal(['a', 'b', 1]);
    expect(columnsOf({ ...one, eventValue: 2 })).to.deep.equal(['a', 'b', 2]);
    expect(columnsOf({ ...one, eventAction: 'c' })).to.deep.equal(['a', 'c', 1]);
    expect(columnsOf({ ...one, eventValue: Number.NaN })).to.deep.equal(['a', 'b', null]);
    expect(columnsOf(one)).to.deep.equal(['a', 'b', 1]);
  });

  it('leaves out what is redacted, also from what the user adds, and changes nothing that it was given', () => {
    const user = { id: 7, traits: { plan: 'free', email: 'ada@example.com' } };
    const given = { ...everything, user: { traits: { email: 'old@example.com' } } };
    const before = structuredClone([user, given]);
    const redact = ['user.traits.email', 'device.user_agent', 'trace', 'there.is.no.such'];
    const context = EventContext.fromContext(eventData, given, { redact });
    expect(context.user?.traits).to.deep.equal({ email: undefined });
    const text = masterJson('b-1-7', null, user, context);
    expect(text).to.not.match(/example\.com|Mozilla|trace/);
    expect(JSON.parse(text).user).to.deep.equal({ id: '7', traits: { plan: 'free' } });
    expect(JSON.parse(text).device.os).to.equal('iOS');
    expect([user, given]).to.deep.equal(before);
  });

  it('refuses what JSON cannot hold', () => {
    expect(() => masterJson('b-1-7', null, { traits: { balance: 10n } }, context))
      .to.throw('Do not know how to serialize a BigInt')
      .with.property('code', 'ERR_MESSAGE');
  });
});

describe('generateEventId', () => {
  it('gives a new id of 21 letters, digits, _ and - each time', () => {
    const ids = Array.from({ length: 1000 }, generateEventId);
    expect(new Set(ids)).to.have.property('size', 1000);
    for (const id of ids) expect(id).to.match(/^[\w-]{21}$/);
  });
});
