// The numbers and names of the protocol. Three numbers are never mixed up (OperationId, LogIndex,
// Seq), so each is a type of its own: the compiler refuses one where another is expected.

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Name of a node, `^[a-z0-9][a-z0-9-]{0,31}$`. Roles move, ids do not. */
export type NodeId = Brand<string, 'NodeId'>;

/** One life of a node's process, 1–64 characters, new at each start. */
export type Incarnation = Brand<string, 'Incarnation'>;

/** Place of an operation in the total order: 1, 2, 3, …; 0 means "before the first". */
export type LogIndex = Brand<number, 'LogIndex'>;

/** Place of an update in one replicator's session: 0, 1, 2, …; -1 means "none yet". */
export type Seq = Brand<number, 'Seq'>;

/** Grows by one each time a master is appointed; 0 means "no master was ever known". */
export type Epoch = Brand<number, 'Epoch'>;

/** Whoever names a later epoch than this is not believed: a record of the log has 48 bits for it,
 * and those that are still to come must find room above it. */
export const EPOCH_MAX: number = 2 ** 47;

/** One life of a replicator; greater than all before it. Compared as (epoch, session). */
export type Session = Brand<number, 'Session'>;

/** Chosen by a client to recognise its own answer; never used to suppress duplicates. */
export type OperationId = string | number;

/** Names one request that is waiting for this machine's answer. Given by the host. */
export type Ticket = Brand<number, 'Ticket'>;

/** Names one request that this machine has sent and whose answer it may still get. */
export type CallId = Brand<number, 'CallId'>;

export const nodeId = (text: string): NodeId => text as NodeId;
export const incarnation = (text: string): Incarnation => text as Incarnation;
export const logIndex = (n: number): LogIndex => n as LogIndex;
export const seq = (n: number): Seq => n as Seq;
export const epoch = (n: number): Epoch => n as Epoch;
export const session = (n: number): Session => n as Session;
export const ticket = (n: number): Ticket => n as Ticket;
export const callId = (n: number): CallId => n as CallId;

/** What a node id looks like (contract, section 1). */
export const NODE_ID_PATTERN: RegExp = /^[a-z0-9][a-z0-9-]{0,31}$/;
