import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClosedError, LeaderElection } from 'leasehold';

import { election, eventually, leader, lease, program, settings } from './support.mjs';

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

test('a singleton service runs while this instance leads, one call at a time', async (t) => {
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
  await eventually('it drains', () => leading.status().role === 'draining');
  assert.equal(calls.length, 1, 'not stopped while it starts');
  open();
  await stopped;
  const expected = [['start', fencingToken], ['started'], ['stop', 'stopped'], ['stopped', true]];
  assert.deepEqual(calls, expected);
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
