/**
 * A process as it crosses from a thread: its pids as text, so that all processes of a site travel as one JSON text. To
 * take apart a deep answer of hundreds of processes blocks whoever asks for tens of milliseconds; a text is copied at
 * once, and is taken apart when its turn comes.
 */
import type { Pid } from '../../otp/pid.ts';
import type { ProcessInfo } from '../../otp/process-info.ts';

export interface PlainProcess
  extends Omit<ProcessInfo, 'pid' | 'parent' | 'links' | 'monitors' | 'name' | 'label' | 'callbackMs'> {
  readonly pid: string;
  readonly parent?: string | undefined;
  readonly name?: string | undefined;
  readonly label?: string | undefined;
  readonly callbackMs?: ProcessInfo['callbackMs'];
  readonly links: readonly string[];
  readonly monitors: readonly string[];
}

export function plainProcess(info: ProcessInfo): PlainProcess {
  const { pid, parent, links, monitors } = info;
  return {
    ...info,
    pid: pid.toString(),
    parent: parent?.toString(),
    links: links.map(textOf),
    monitors: monitors.map(textOf),
  };
}

/** The node of a pid's text. */
export function nodeOfPid(pid: string): number {
  return Number(pid.slice(1, pid.indexOf('.')));
}

function textOf(pid: Pid): string {
  return pid.toString();
}
