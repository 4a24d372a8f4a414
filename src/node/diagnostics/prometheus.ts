// The metrics in Prometheus' terms. What the machine counts itself is read from its status when
// somebody asks; only spans of time are collected as they happen.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { NodeStatus } from '../../core/status.ts';
import type { Prometheus } from './metrics.ts';

/** From a memory append to one that waited for a node, in seconds. */
const BUCKETS = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

const ROLES = ['master', 'secondary', 'removed', 'none'] as const;
const STATUSES = ['Healthy', 'Suspected', 'Unhealthy'] as const;

/** `status` is asked once per scrape. Each node has a registry of its own. */
export function createPrometheus(status: () => NodeStatus): Prometheus {
  const registry = new Registry();
  const registers = [registry];
  const write = new Histogram({
    name: 'replog_write_seconds',
    help: 'From the arrival of a write to its success, the wait for its write concern included.',
    buckets: BUCKETS,
    registers,
  });
  const persist = new Histogram({
    name: 'replog_persist_seconds',
    help: 'How long one group commit took.',
    buckets: BUCKETS,
    registers,
  });
  const node = nodeMetrics(registers);
  const members = memberMetrics(registers);
  return {
    observeWrite: (ms) => write.observe(ms / 1_000),
    observePersist: (ms) => persist.observe(ms / 1_000),
    contentType: registry.contentType,
    text: () => {
      const now = status();
      node(now);
      members(now);
      return registry.metrics();
    },
  };
}

type Update = (status: NodeStatus) => void;

function nodeMetrics(registers: Registry[]): Update {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const role = new Gauge({
    name: 'replog_role',
    help: '1 for the role that this node has.',
    labelNames: ['role'],
    registers,
  });
  const refused = new Counter({
    name: 'replog_refused_total',
    help: 'Requests refused by the protocol.',
    labelNames: ['code'],
    registers,
  });
  const epoch = gauge('replog_epoch', 'The epoch that this node is in.');
  const last = gauge('replog_last_index', 'Highest index in the log.');
  const persisted = gauge('replog_persisted_index', 'Highest index that is durable here.');
  const commit = gauge('replog_commit_index', 'Highest index known to be on a majority.');
  const readOnly = gauge('replog_read_only', '1 while the master refuses writes.');
  const waiting = gauge('replog_waiting_writes', 'Writes that wait for their write concern.');
  const memory = gauge('process_resident_memory_bytes', 'Resident memory of the process.');
  const cpu = counter('process_cpu_seconds_total', 'Processor time of the process.');
  const appended = counter('replog_appended_total', 'Operations appended.');
  const duplicates = counter('replog_duplicates_total', 'Repeated requests that were suppressed.');
  const resends = counter('replog_resends_total', 'Further copies of Snapshots sent.');
  const timeouts = counter('replog_timeouts_total', 'Writes that timed out.');
  return (status) => {
    for (const name of ROLES) role.set({ role: name }, (status.role ?? 'none') === name ? 1 : 0);
    epoch.set(status.epoch);
    last.set(status.lastIndex);
    persisted.set(status.persistedIndex);
    commit.set(status.commitIndex);
    readOnly.set(status.role === 'master' && status.mode === 'read-only' ? 1 : 0);
    waiting.set(status.role === 'master' ? status.waiting : 0);
    memory.set(process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    set(cpu, (user + system) / 1_000_000);
    const { counters } = status;
    set(appended, counters.appended);
    set(duplicates, counters.duplicates);
    set(resends, counters.resends);
    set(timeouts, counters.timeouts);
    refused.reset();
    for (const [code, count] of Object.entries(counters.refused)) refused.inc({ code }, count);
  };
}

/** The machine counts; the metric only shows. */
function set(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}

function memberMetrics(registers: Registry[]): Update {
  const gauge = (name: string, help: string, more: string[] = []) =>
    new Gauge({ name, help, labelNames: ['node', ...more], registers });
  const health = gauge('replog_member_status', '1 for the status of each member.', ['status']);
  const lag = gauge('replog_member_lag_entries', 'Operations that a member has not acknowledged.');
  const behind = gauge('replog_member_lag_seconds', 'For how long a member has been behind.');
  const acked = gauge('replog_member_acked_index', 'Up to where a member has acknowledged.');
  return (status) => {
    for (const metric of [health, lag, behind, acked]) metric.reset();
    if (status.role !== 'master') return;
    for (const member of status.members) {
      const { node } = member;
      for (const name of STATUSES) {
        health.set({ node, status: name }, member.status === name ? 1 : 0);
      }
      lag.set({ node }, member.lagEntries);
      behind.set({ node }, member.lagMs / 1_000);
      if (member.ackedIndex !== null) acked.set({ node }, member.ackedIndex);
    }
  };
}
