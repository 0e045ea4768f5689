import { expect } from 'chai';
import { remoteControl } from '../../src/threads/control-lane.ts';
import { termCodec } from '../../src/threads/term-codec.ts';

interface Api {
  ask(): number;
}

describe('The control plane', () => {
  it('fails what is asked of an end that is gone, and lets go of the port, which Comlink would keep for ever', async () => {
    const posted: unknown[] = [];
    const endpoint = {
      postMessage: (message: unknown) => void posted.push(message),
      addEventListener() {},
      removeEventListener() {},
    };
    let close!: (error: Error) => void;
    const closed = new Promise<Error>((resolve) => {
      close = resolve;
    });
    const control = remoteControl<Api>(endpoint, termCodec(), closed);
    const asked = control.ask().catch((error: unknown) => error);
    const gone = new Error('gone');
    close(gone);
    expect(await asked).to.equal(gone);
    expect(posted.map((message) => (message as { readonly type: string }).type)).to.deep.equal([
      'APPLY',
      'RELEASE',
    ]);
    expect(await control.ask().catch((error: unknown) => error)).to.equal(gone);
  });
});
