import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { ClosedError, LeaderElection } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { election, eventually, EXPIRING, leader, lease, program, settings } from './support.mjs';

/** A promise, and what resolves it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { opened, open };
}

test('lead waits for leadership, runs the work once, and returns what it returned', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  const led = second.lead((term) => [term, second.isLeader, term.isValid]);
  await first.stop();
  const [term, ...answers] = await led;
  assert.equal(term, second.term);
  assert.deepEqual(answers, [true, true]);
});

test('lead rejects with what the work throws, and leads on', async (t) => {
  const leading = await leader(t);
  const failing = leading.lead(() => {
    throw new RangeError('from the work');
  });
  await assert.rejects(failing, RangeError);
  assert.equal(leading.isLeader, true);
});

test('lead is ended by its signal while it waits', async (t) => {
  const standby = await election(t, { lease: 'jobs', mode: 'never' }).start();
  const aborting = new AbortController();
  const led = standby.lead(() => assert.fail('leads'), { signal: aborting.signal });
  aborting.abort();
  await assert.rejects(led, { name: 'AbortError' });
});

test('the Lease is not released before the work of lead has settled', async (t) => {
  const options = settings(t, { identity: 'a', drainTimeoutMs: 300_000 });
  const leading = await leader(t, options);
  const { opened, open } = gate();
  const { opened: aborted, open: abort } = gate();
  const { opened: begun, open: begin } = gate();
  const led = leading.lead(async (term) => {
    term.signal.addEventListener('abort', abort);
    begin();
    await opened;
    return 'done';
  });
  await begun;
  const stopped = leading.stop();
  await aborted;
  const { renewTime } = lease(options);
  await eventually('renewal goes on', () => lease(options).renewTime !== renewTime);
  assert.equal(lease(options).holderIdentity, 'a');
  open();
  assert.equal(await led, 'done');
  await stopped;
  assert.equal(lease(options).holderIdentity, '');
});

test('runIfLeader runs nothing where this instance does not lead', async (t) => {
  const standby = await election(t, { lease: 'jobs', mode: 'never' }).start();
  assert.equal(await standby.runIfLeader(() => assert.fail('runs')), undefined);
});

test('the Lease is not released before the work of runIfLeader has settled', async (t) => {
  const options = settings(t, { identity: 'a', drainTimeoutMs: 300_000 });
  const leading = await leader(t, options);
  const { opened, open } = gate();
  const work = leading.runIfLeader(() => opened);
  const stopped = leading.stop();
  await eventually('it drains', () => leading.status().role === 'draining');
  assert.equal(lease(options).holderIdentity, 'a');
  assert.equal(await leading.runIfLeader(() => 'more'), undefined, 'no new work');
  open();
  await Promise.all([work, stopped]);
  assert.equal(lease(options).holderIdentity, '');
});

test('terms gives each term once, and ends when the election stops', async (t) => {
  const leading = await leader(t);
  const terms = [];
  for await (const term of leading.terms()) {
    terms.push(term);
    if (terms.length === 2) break;
    // The next term comes after a stop only.
    void leading.stop().then(() => leading.start());
    await eventually('the term is over', () => term.signal.aborted);
    await eventually('it runs again', () => leading.isLeader);
  }
  assert.ok(terms[1].fencingToken > terms[0].fencingToken);
  const loop = leading.terms();
  assert.equal((await loop.next()).value, leading.term);
  const next = loop.next();
  await leading.stop();
  assert.equal((await next).done, true);
  await assert.rejects(leading.terms().next(), ClosedError);
});

test('the Lease is not released before the body of the loop over terms has ended', async (t) => {
  const options = settings(t, { identity: 'a', drainTimeoutMs: 300_000 });
  const leading = await leader(t, options);
  let stopped;
  for await (const term of leading.terms()) {
    stopped = leading.stop();
    await eventually('the term is over', () => term.signal.aborted);
    const { renewTime } = lease(options);
    await eventually('renewal goes on', () => lease(options).renewTime !== renewTime);
    assert.equal(lease(options).holderIdentity, 'a');
  }
  await stopped;
  assert.equal(lease(options).holderIdentity, '');
});

test('a loop over terms that is left early lets go of its term', async (t) => {
  const options = settings(t, { identity: 'a', drainTimeoutMs: 300_000 });
  const leading = await leader(t, options);
  for await (const term of leading.terms()) if (term.isValid) break;
  await leading.stop();
  assert.equal(lease(options).holderIdentity, '');
});

test('a singleton service is stopped though its start lasts, and both are waited for', async (t) => {
  const options = settings(t, { drainTimeoutMs: 300_000 });
  const leading = election(t, options);
  const { opened, open } = gate();
  const calls = [];
  leading.addSingletonService({
    async start(term) {
      calls.push(['start', term.fencingToken]);
      await opened;
      calls.push(['started']);
    },
    async stop(loss) {
      calls.push(['stop', loss.reason]);
      await Promise.resolve();
      calls.push(['stopped', lease(options).holderIdentity !== '']);
    },
  });
  await leading.start();
  const { fencingToken } = await leading.waitForLeadership();
  await eventually('it is started', () => calls.length === 1);
  const stopped = leading.stop();
  await eventually('it is stopped', () => calls.length === 3);
  const { renewTime } = lease(options);
  await eventually('renewal goes on', () => lease(options).renewTime !== renewTime);
  open();
  await stopped;
  const ends = [['stop', 'stopped'], ['stopped', true]];
  // Once more for what it has started since.
  assert.deepEqual(calls, [['start', fencingToken], ...ends, ['started'], ...ends]);
  assert.equal(lease(options).holderIdentity, '');
});

test('a singleton service whose start is all its work is stopped before the Lease is released', async (t) => {
  const options = settings(t, { drainTimeoutMs: 300_000 });
  const leading = election(t, options);
  const { opened, open } = gate();
  const consumer = { run: () => opened.then(() => lease(options).holderIdentity), close: open };
  let ran;
  const start = async () => {
    ran = consumer.run();
    assert.notEqual(await ran, '');
  };
  leading.addSingletonService({ start, stop: () => consumer.close() });
  await leading.start();
  await eventually('it runs', () => ran !== undefined);
  await leading.stop();
  assert.equal(lease(options).holderIdentity, '');
});

test('a singleton service does not start again before its start and its stop have settled', async () => {
  const fake = await new FakeLeaderElection().start();
  const { opened, open } = gate();
  const calls = [];
  fake.addSingletonService({
    async start({ fencingToken }) {
      calls.push(`start ${fencingToken}`);
      if (fencingToken === 1n) await opened;
    },
    stop: () => calls.push('stop'),
  });
  const turns = () => new Promise(setImmediate);
  fake.acquire();
  await turns();
  fake.lose();
  fake.acquire();
  await turns();
  assert.deepEqual(calls, ['start 1', 'stop']);
  open();
  await turns();
  assert.deepEqual(calls, ['start 1', 'stop', 'stop', 'start 2']);
  await fake.stop();
});

test('nor if a term between has ended before its turn, and its removal waits as well', async () => {
  const fake = await new FakeLeaderElection().start();
  const mayStop = [gate(), gate()];
  const stops = mayStop.values();
  const calls = [];
  const registration = fake.addSingletonService({
    start: ({ fencingToken }) => calls.push(`start ${fencingToken}`),
    async stop() {
      calls.push('stopping');
      await stops.next().value.opened;
      calls.push('stopped');
    },
  });
  const turns = () => new Promise(setImmediate);
  fake.acquire();
  await turns();
  fake.lose();
  fake.acquire();
  fake.lose();
  fake.acquire();
  await turns();
  assert.deepEqual(calls, ['start 1', 'stopping']);
  mayStop[0].open();
  await turns();
  assert.deepEqual(calls.splice(0), ['start 1', 'stopping', 'stopped', 'start 3']);
  fake.lose();
  fake.acquire();
  const removed = registration.remove().then(() => calls.push('removed'));
  await turns();
  assert.deepEqual(calls, ['stopping']);
  mayStop[1].open();
  await removed;
  assert.deepEqual(calls, ['stopping', 'stopped', 'removed']);
  await fake.stop();
});

test('a singleton service that another listener removes before its turn does not start', async () => {
  const fake = await new FakeLeaderElection().start();
  const calls = [];
  let removed;
  fake.once('acquired', () => (removed = registration.remove()));
  const registration = fake.addSingletonService({
    start: () => calls.push('start'),
    stop: () => calls.push('stop'),
  });
  fake.acquire();
  await removed;
  await fake.stop();
  assert.deepEqual(calls, []);
});

test('a singleton service that does not stop in time is named', async (t) => {
  let started = 0;
  const start = () => (started += 1);
  class Consumer {
    start = start;
    stop() {
      return new Promise(() => {});
    }
  }
  const warnings = [];
  const listen = ({ level, message }) => level === 'warn' && warnings.push(message);
  subscribe('leasehold:log', listen);
  t.after(() => unsubscribe('leasehold:log', listen));
  const leading = await leader(t, settings(t, EXPIRING));
  leading.addSingletonService(new Consumer());
  leading.addSingletonService({ name: 'named', start, stop: () => new Promise(() => {}) });
  await eventually('they are started', () => started === 2);
  void leading.stop({ drainMs: 0 });
  const said = (name) => () =>
    warnings.some((text) => text.includes(`singleton service \`${name}\` has not stopped in time`));
  await eventually('it is named', said('Consumer'));
  await eventually('the other is named', said('named'));
});

test('the Lease is not released before what listeners of acquired returned has settled', async (t) => {
  const options = settings(t, { drainTimeoutMs: 300_000 });
  const watched = election(t, options);
  const first = gate();
  const late = gate();
  let told = 0;
  const listener = ({ opened }) => () => {
    told += 1;
    return opened;
  };
  watched.on('acquired', listener(first));
  await watched.start();
  await watched.waitForLeadership();
  watched.on('acquired', listener(late));
  await eventually('both are told', () => told === 2);
  const stopped = watched.stop();
  for (const { open } of [first, late]) {
    const { renewTime } = lease(options);
    await eventually('renewal goes on', () => lease(options).renewTime !== renewTime);
    assert.notEqual(lease(options).holderIdentity, '');
    open();
  }
  await stopped;
  assert.equal(lease(options).holderIdentity, '');
});

test('work that is not a function is refused by a standby as well', async (t) => {
  const standby = await election(t, { lease: 'jobs', mode: 'never' }).start();
  const job = async () => 'runs everywhere';
  const refused = { name: 'TypeError', message: /^work is a promise: pass a function, not what/ };
  await assert.rejects(standby.runIfLeader(job()), refused);
  await assert.rejects(standby.lead(job()), refused);
  await assert.rejects(standby.runIfLeader(), TypeError);
});

test('what goes on when the work has returned is refused', async (t) => {
  const leading = await leader(t);
  const timer = setInterval(() => {}, 60_000);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  t.after(() => {
    clearInterval(timer);
    child.kill();
  });
  async function* several() {}
  for (const [kind, outcome] of [
    ['an iterator', [].values()],
    ['a stream or an async iterator', several()],
    ['a stream or an async iterator', Readable.from([])],
    ['a timer', timer],
    ['a child process', child],
  ]) {
    const refused = { name: 'TypeError', message: new RegExp(`^the work returned ${kind}, which`) };
    await assert.rejects(leading.runIfLeader(() => outcome), refused);
    await assert.rejects(leading.lead(async () => outcome), refused);
  }
  assert.deepEqual(await leading.runIfLeader(() => new Map([[1, []]])), new Map([[1, []]]));
});

/** Renewed long after the pause: a candidate that is paused while it writes holds up all others. */
const pausable = (t) => settings(t, { ...EXPIRING, retryPeriodMs: 3_000 });

for (const way of ['terms', 'lead'])
  test(`after a pause what waits for a timer takes no step under ${way}, since another leads`, async (t) => {
    const options = pausable(t);
    const paused = program(t, 'paused.mjs', { ...options, identity: 'a' }, way);
    await paused.pauses();
    await (await election(t, { ...options, identity: 'b' }).start()).waitForLeadership();
    paused.child.kill('SIGCONT');
    await paused.said('cut short');
    assert.deepEqual(paused.lines, ['cut short']);
  });

test('a signal knows that its term is over before the event loop does', async (t) => {
  const options = pausable(t);
  const blocked = program(t, 'outdated.mjs', { ...options, identity: 'a' });
  await blocked.pauses();
  await (await election(t, { ...options, identity: 'b' }).start()).waitForLeadership();
  blocked.child.kill('SIGCONT');
  const { lines } = await blocked.ended;
  assert.deepEqual(lines, ['leading', 'aborted LeadershipLostError LeadershipLostError']);
});

test('a singleton service that is added to a leader starts, and that is removed stops', async (t) => {
  const leading = await leader(t);
  const calls = [];
  const service = { start: () => calls.push('start'), stop: () => calls.push('stop') };
  const registration = leading.addSingletonService(service);
  await eventually('it is started', () => calls.length === 1);
  await registration.remove();
  assert.deepEqual(calls, ['start', 'stop']);
  await leading.stop();
  assert.deepEqual(calls, ['start', 'stop'], 'not stopped twice');
});

test('a term that ends while a removed service stops is released after it', async (t) => {
  const leading = await leader(t);
  const mayStop = gate();
  const calls = [];
  const stop = async () => {
    calls.push('stopping');
    await mayStop.opened;
    calls.push('stopped');
  };
  const registration = leading.addSingletonService({ start: () => calls.push('start'), stop });
  await eventually('it is started', () => calls.length === 1);
  const removed = registration.remove();
  const ended = leading.stop().then(() => calls.push('released'));
  await Promise.race([ended, setTimeout(300)]);
  mayStop.open();
  await Promise.all([removed, ended]);
  assert.deepEqual(calls, ['start', 'stopping', 'stopped', 'released']);
});

test('a singleton service that cannot be stopped is refused when it is added', () => {
  const idle = new LeaderElection({ lease: 'jobs', mode: 'always' });
  const missing = { name: 'ConfigError', message: /^service\.stop = `undefined`: use a function/ };
  assert.throws(() => idle.addSingletonService({ start() {} }), missing);
  const none = { name: 'ConfigError', message: /^service\.start = `undefined`: use a function/ };
  assert.throws(() => idle.addSingletonService(), none);
  assert.equal(idle.listenerCount('acquired'), 0);
});

test('an election that was never started says so when work is asked of it, once', async (t) => {
  const { code, lines, errors } = await program(t, 'never-started.mjs').ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(lines, ['undefined', 'undefined', 'false', 'undefined']);
  const said = errors.match(/LeaseholdWarning: .*/g);
  const expected = 'LeaseholdWarning: the election for `jobs` was never started';
  assert.equal(said?.length, 1, errors);
  assert.ok(said[0].startsWith(expected), errors);
});
