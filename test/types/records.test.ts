/** What the compiler knows of events: held by the build, which fails when an expected error does not come. */
import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import { Records } from '../../src/index.ts';

const url = import.meta.url;
const handleEvent = (): void => {};
const withDefault = z.object({ user: z.string(), cents: z.number().default(0) });

describe('The types of a record type', () => {
  it('follow from the schema: record takes its input, handleEvent gets its output', () => {
    const Paid = Records.define({
      name: 'TypedPaid',
      url,
      schema: withDefault,
      handleEvent(events) {
        const cents: readonly number[] = events.map(({ data }) => data.cents);
        // @ts-expect-error the schema makes it a number
        const text: string | undefined = events[0]?.data.cents;
        return void [cents, text];
      },
    });
    const record = (): void => {
      Paid.record({ user: 'u-1' });
      Paid.record({ user: 'u-1', cents: 1 });
      // @ts-expect-error the user is missing
      Paid.record({ cents: 1 });
      // @ts-expect-error cents are a number
      Paid.record({ user: 'u-1', cents: '1' });
      // @ts-expect-error the user is missing
      void Paid.recordAndConfirm({});
    };
    expect(record).to.be.a('function');
  });

  it('follow from the arguments of record, which makes what the schema takes', () => {
    const Seen = Records.define({
      name: 'TypedSeen',
      url,
      schema: v.object({ path: v.string() }),
      record: (path: string, query?: string) => ({ path: path + (query ?? '') }),
      handleEvent: (events) => void events.map(({ data }) => data.path.length),
    });
    const record = (): void => {
      Seen.record('/');
      Seen.record('/', '?a');
      // @ts-expect-error record takes a path
      Seen.record({ path: '/' });
      // @ts-expect-error this is no path
      void Seen.recordAndConfirm({ path: 1 });
    };
    expect(record).to.be.a('function');
    const wrong = () =>
      Records.define({
        name: 'TypedWrong',
        url,
        // @ts-expect-error the schema takes a path
        schema: v.object({ path: v.string() }),
        record: (path: string) => ({ pfad: path }),
        handleEvent,
      });
    expect(wrong).to.be.a('function');
  });

  it('let a schema be passed over only when it leaves the event as it is', () => {
    const passedOver = (): unknown[] => [
      Records.define({ name: 'A', url, schema: z.object({ n: z.number() }), validate: 'never', handleEvent }),
      // @ts-expect-error without the schema the default would be missing
      Records.define({ name: 'B', url, schema: withDefault, validate: 'never', handleEvent }),
      // @ts-expect-error there is no schema
      Records.define<{ n: number }>({ name: 'C', url, validate: 'never', handleEvent }),
    ];
    expect(passedOver).to.be.a('function');
  });

  it('are given by hand where there is no schema', () => {
    const Plain = Records.define<{ readonly n: number }>({
      name: 'TypedPlain',
      url,
      handleEvent: (events) => void events.map(({ data }) => data.n.toFixed()),
    });
    const record = (): void => {
      Plain.record({ n: 1 });
      // @ts-expect-error n is a number
      Plain.record({ n: '1' });
      // @ts-expect-error one event
      Plain.record({ n: 1 }, { n: 2 });
    };
    expect(record).to.be.a('function');
  });

  it('know which fields can be a partition key, and that what is forwarded has no handler', () => {
    const schema = z.object({
      user: z.string(),
      cents: z.number(),
      at: z.date(),
      note: z.string().optional(),
    });
    const forward = (): unknown[] => [
      Records.define({ name: 'A', url, schema, forwardTo: { stream: 's', partitionKey: 'user' } }),
      Records.define({
        name: 'B',
        url,
        schema,
        forwardTo: { stream: 's', partitionKey: 'cents', idField: 'id' },
      }),
      // @ts-expect-error a moment is no key
      Records.define({ name: 'C', url, schema, forwardTo: { stream: 's', partitionKey: 'at' } }),
      // @ts-expect-error it may be missing
      Records.define({ name: 'D', url, schema, forwardTo: { stream: 's', partitionKey: 'note' } }),
      Records.define<{ readonly n: 1 | 2 }>({
        name: 'E',
        url,
        forwardTo: { stream: 's', partitionKey: 'n' },
      }),
      Records.define<{ readonly n: number }>({
        name: 'F',
        url,
        // @ts-expect-error there is no such field
        forwardTo: { stream: 's', partitionKey: 'm' },
      }),
      Records.define({ name: 'G', url, forwardTo: { stream: 's', partitionKey: 'whatever' } }),
      // @ts-expect-error one or the other
      Records.define({ name: 'H', url, handleEvent, forwardTo: { stream: 's', partitionKey: 'n' } }),
      // @ts-expect-error neither
      Records.define<{ readonly n: number }>({ name: 'I', url }),
    ];
    expect(forward).to.be.a('function');
  });

  it('follow from a class with static members, with a schema and without', () => {
    // biome-ignore lint/complexity/noStaticOnlyClass: a definition by class is what this shows
    class Clicked {
      static readonly url = url;
      static readonly schema = z.object({ button: z.string() });
      static handleEvent(events: readonly { readonly data: { readonly button: string } }[]): void {
        void events;
      }
    }
    // biome-ignore lint/complexity/noStaticOnlyClass: a definition by class is what this shows
    class Scrolled {
      static readonly url = url;
      static record(pixels: number) {
        return { pixels };
      }
      static handleEvent(events: readonly { readonly data: { readonly pixels: number } }[]): void {
        void events;
      }
    }
    const record = (): void => {
      Records.define(Clicked).record({ button: 'buy' });
      // @ts-expect-error a button has a name
      Records.define(Clicked).record({ button: 1 });
      Records.define(Scrolled).record(3);
      // @ts-expect-error record takes a number
      Records.define(Scrolled).record({ pixels: 3 });
    };
    expect(record).to.be.a('function');
  });
});
