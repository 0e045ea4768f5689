/**
 * What one process can do to another, beside putting a message into its mailbox: one closed union, the same for a
 * process of this runtime and for one in another thread. Signals of one sender to one receiver keep their order.
 */
import type { Envelope, Ref } from './envelope.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Destination, LocalName, NodeId, Pid, Via } from './pid.ts';

/** A process, as the node that the signal is sent to knows it. */
export type Addressee = Pid | LocalName | Via;

export type Signal =
  | { readonly type: 'deliver'; readonly to: Addressee; readonly envelope: Envelope }
  /** `linked`: it came over a link (and only counts while the link is there), else somebody sent it. */
  | {
      readonly type: 'exit';
      readonly to: Pid;
      readonly from: Pid;
      readonly reason: ExitReason;
      readonly linked: boolean;
    }
  | { readonly type: 'link'; readonly to: Pid; readonly from: Pid }
  | { readonly type: 'unlink'; readonly to: Pid; readonly from: Pid }
  /** Acknowledges an unlink that came from another node. */
  | { readonly type: 'unlinked'; readonly to: Pid; readonly from: Pid }
  | { readonly type: 'monitor'; readonly to: Addressee; readonly watcher: Pid; readonly ref: Ref }
  | { readonly type: 'demonitor'; readonly to: Addressee; readonly ref: Ref }
  | { readonly type: 'down'; readonly to: Pid; readonly ref: Ref; readonly reason: ExitReason }
  | { readonly type: 'reply'; readonly ref: Ref; readonly outcome: Outcome }
  /** A question about the names of the node that it is sent to; a reply answers it. */
  | { readonly type: 'names'; readonly ref: Ref; readonly request: NameRequest }
  /** A process that holds names there has ended: sent before anything that tells of its end. */
  | { readonly type: 'forget'; readonly pid: Pid };

export type NameRequest =
  /** For a process that is about to start, or that lives: the answer is what it has to link to, if anything. */
  | { readonly type: 'take'; readonly name: LocalName | Via; readonly pid: Pid }
  | { readonly type: 'give_up'; readonly name: LocalName }
  /** The answer is the holder's pid, if there is one. */
  | { readonly type: 'whereis'; readonly name: LocalName | Via };

/** How a call ended. */
export type Outcome =
  | { readonly type: 'ok'; readonly value: unknown }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/**
 * The way to other nodes; implemented where threads are known. `send` keeps the order of what is sent to one node
 * and never throws: a node that is gone is reported to the runtime by `nodeDown`, once, after its last signal.
 */
export interface Transport {
  send(node: NodeId, signal: Signal): void;
  /** False when nothing can be sent to that node any more: its processes count as `noconnection`. */
  isConnected(node: NodeId): boolean;
}

/** One monitor as its watcher keeps it. */
export interface Monitor {
  readonly ref: Ref;
  /** What the watcher asked for, a name perhaps; the DOWN message shows it. */
  readonly target: Destination;
  /** How its node names it: a name while only that is known. Undefined when there was nobody to watch. */
  readonly to: Addressee | undefined;
  readonly node: NodeId;
}
