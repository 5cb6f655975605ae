// kubernetes-fluent-client in the benchmark: one watch, with default settings. What it is told, and how it reports,
// is that of the contenders in Go: see ../internal/contender.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const task = JSON.parse(process.env.ANCHO_BENCH_TASK);
process.env.KUBECONFIG = task.kubeconfig;
const { K8s, kind, GenericKind, RegisterKind } = await import("kubernetes-fluent-client");

class Widget extends GenericKind {}
RegisterKind(Widget, { group: "bench.ancho.dev", version: "v1", kind: "Widget", plural: "widgets" });

const seen = new Set();
let calls = 0;
let period = null;

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const peak = () => {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  } catch {
    return 0;
  }
};

const report = event => ({
  event,
  handled: seen.size,
  calls,
  cpuSeconds: cpu(),
  peakBytes: peak(),
  updates: period?.latencies.length ?? 0,
});
const say = (r, then) => process.stdout.write(JSON.stringify(r) + "\n", then);

const done = () => {
  if (task.stay) {
    say(report("done"));
  } else {
    say(report("done"), () => process.exit(0));
  }
};

const handle = object => {
  calls++;
  const sent = object.metadata.annotations?.["bench.ancho.dev/sent"];
  if (sent && period) {
    const at = Number(BigInt(sent) / 1000n);
    const now = Math.round((performance.timeOrigin + performance.now()) * 1000);
    if (at > period.since) {
      period.latencies.push(now - at);
    }
  }
  const before = seen.size;
  seen.add(object.metadata.name);
  if (seen.size > before && seen.size === task.expect) {
    done();
  }
};

const obey = command => {
  switch (command) {
    case "begin":
      period = { since: Date.now() * 1000, cpu: cpu(), calls, latencies: [] };
      return report(command);
    case "end": {
      const r = report(command);
      r.calls = calls - period.calls;
      r.cpuSeconds = cpu() - period.cpu;
      r.latenciesMicros = period.latencies;
      period = null;
      return r;
    }
    case "quit":
      process.exit(0);
  }
  return report(command);
};

createInterface({ input: process.stdin })
  .on("line", line => say(obey(line.trim())))
  .on("close", () => process.exit(0));

await K8s(task.kind === "widgets" ? Widget : kind.Pod)
  .Watch(handle)
  .start();
