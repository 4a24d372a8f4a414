// Every interval and limit of the protocol, each with its reason. Times are in milliseconds.

/** What a machine may be told at its construction; everything has a default. */
export interface Options {
  /** Master to members. Twice a second shows a failure quickly and costs nothing (contract, 5). */
  readonly heartbeatIntervalMs: number;
  /** No heartbeat answer for this long: Suspected. Three lost beats, so that jitter is no news. */
  readonly suspectedAfterMs: number;
  /** No heartbeat answer for this long: Unhealthy; nothing but heartbeats is sent. */
  readonly unhealthyAfterMs: number;
  /** A member that answers heartbeats but acknowledges nothing for this long is Suspected. */
  readonly stalledAfterMs: number;
  /** A secondary that has heard from no master for this long joins again. */
  readonly masterSilenceMs: number;
  /** Gap between two Joins that tell an arbiter which replaces silent masters of the silence. */
  readonly silenceReportMs: number;
  /** How long each of them counts: four of them, so that lost ones and jitter change nothing. */
  readonly silenceCountsMs: number;
  /** With failover, while there are members that have not had all of the log since they joined: gap
   * between two announcements of Replicas, in answer to which the master says who they are. */
  readonly newcomersMs: number;
  /** Gaps between the copies of an unacknowledged Snapshot; the last one repeats. */
  readonly resendGapsMs: readonly number[];
  /** Each gap is drawn from [1 - this, 1 + this] × itself, so that nodes do not march in step. */
  readonly resendJitter: number;
  /** An operation is under way to a secondary at most this long after it arrived, even while an
   * earlier Snapshot is unacknowledged (contract: within 50). */
  readonly gatherMs: number;
  /** The same, while as many as `gatherLongFrom` Snapshots are unacknowledged: a secondary that
   * answers late gets fewer and larger ones. Some of the 50 is left to timers that are late. */
  readonly gatherLongMs: number;
  readonly gatherLongFrom: number;
  /** When nothing is under way any more, operations wait at most this long for those who wrote what
   * was just acknowledged, and may be about to write again. */
  readonly lingerMs: number;
  /** How long a new replicator waits for a heartbeat answer that tells where to start. */
  readonly probeMs: number;
  /** Gap between two Persist requests for the same operations (key-value text: 100 ms). */
  readonly persistRetryMs: number;
  /** Gap between two Joins, or two announcements of Replicas, while there is no answer. */
  readonly joinRetryMs: number;
  /** Upper end of the growing gap of unanswered announcements. */
  readonly announceRetryMaxMs: number;
  /** A wake-up this much too late means that the whole process stood still (SIGSTOP, sleep). */
  readonly pauseMs: number;
  /** A linearizable read that could not be confirmed by then is refused. */
  readonly confirmTimeoutMs: number;
  /** Updates in one Snapshot. Bounds what a secondary must take in one turn of its event loop. */
  readonly snapshotEntriesMax: number;
  /** Bytes of updates in one Snapshot, as they are stored (one larger update still goes alone). The
   * body stays below 1 MiB, the limit that a peer may have for any: of the shortest updates, with
   * something compacted away before each, it is longer by a seventh. */
  readonly snapshotBytesMax: number;
  /** Snapshots sent and not acknowledged, per secondary: as many as are sent in the 4 s after which
   * one that acknowledges nothing is Unhealthy. */
  readonly inFlightMax: number;
  /** Of these, full ones: one is stored while the next is on its way. More would only wait there,
   * longer than it takes until a copy is sent. */
  readonly fullInFlightMax: number;
  /** All of them, while one is missing there: those behind it have to go again, and with many
   * of them a link that loses messages needs long to come back. */
  readonly missedInFlightMax: number;
  /** Bytes of updates in those beyond `missedInFlightMax`: a master keeps them until they are
   * answered. */
  readonly inFlightBytesMax: number;
  /** Writes waiting for their write concern (contract, 3: the 10,001st is refused). */
  readonly waitersMax: number;
  /** Bytes of entries that are not durable yet; more are refused as `overloaded`. */
  readonly unpersistedBytesMax: number;
  /** Node-to-node requests that wait for this node's disk. A peer keeps fewer copies than this. */
  readonly pendingAcksMax: number;
  /** Idempotency keys remembered (contract, 3: at least the last 100,000). Those beyond that make
   * up for a log that is cut back: its latest keys go, and older ones do not come back. */
  readonly deduplicationWindow: number;
}

export const DEFAULT_OPTIONS: Options = {
  heartbeatIntervalMs: 500,
  suspectedAfterMs: 1_500,
  unhealthyAfterMs: 4_000,
  stalledAfterMs: 4_000,
  masterSilenceMs: 5_000,
  silenceReportMs: 500,
  silenceCountsMs: 2_000,
  newcomersMs: 500,
  resendGapsMs: [100, 100, 200, 400, 800, 1_600, 2_000],
  resendJitter: 0.1,
  gatherMs: 20,
  gatherLongMs: 40,
  gatherLongFrom: 16,
  lingerMs: 6,
  probeMs: 25,
  persistRetryMs: 100,
  joinRetryMs: 100,
  announceRetryMaxMs: 2_000,
  pauseMs: 1_000,
  confirmTimeoutMs: 2_000,
  snapshotEntriesMax: 8_192,
  snapshotBytesMax: 900_000,
  inFlightMax: 112,
  missedInFlightMax: 32,
  inFlightBytesMax: 4 << 20,
  fullInFlightMax: 2,
  waitersMax: 10_000,
  unpersistedBytesMax: 64 << 20,
  pendingAcksMax: 1_024,
  deduplicationWindow: 110_000,
};
