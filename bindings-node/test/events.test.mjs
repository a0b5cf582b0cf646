import assert from 'node:assert/strict';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { test } from 'node:test';

import { election, eventually, leader, lease, program, settings, unreachable } from './support.mjs';

test('each term has one acquired and one lost, in order', async (t) => {
  const told = [];
  const watched = election(t);
  watched.on('acquired', (term) => told.push(['acquired', term]));
  watched.on('lost', ({ term, reason }) => told.push(['lost', term, reason]));
  watched.on('stopped', () => told.push(['stopped']));
  await watched.start();
  const term = await watched.waitForLeadership();
  await eventually('it is told', () => told.length === 1);
  await watched.stop();
  assert.deepEqual(told, [['acquired', term], ['lost', term, 'stopped'], ['stopped']]);
});

test('a listener that is added while it leads is told of the present term, once', async (t) => {
  const watched = election(t).ref();
  const acquired = once(watched, 'acquired');
  await watched.start();
  const [term] = await acquired;
  const told = [];
  const listener = (it) => told.push(it);
  watched.on('acquired', listener);
  watched.once('acquired', listener);
  assert.deepEqual(told, [], 'not before it is added');
  await Promise.resolve();
  assert.deepEqual(told, [term, term]);
  assert.equal(watched.listenerCount('acquired'), 1, 'once is once');
});

test('a late listener that is gone already is not told', async (t) => {
  const watched = await leader(t);
  await eventually('listeners are told', () => watched.leader !== null);
  const listener = () => assert.fail('told');
  watched.on('acquired', listener).off('acquired', listener);
  await Promise.resolve();
});

test('a loss tells how long its work may go on, until listeners are done', async (t) => {
  const leading = await leader(t, settings(t, { drainTimeoutMs: 300_000 }));
  let release;
  let loss;
  leading.on('lost', (it) => {
    loss = it;
    return new Promise((resolve) => (release = resolve));
  });
  const stopped = leading.stop();
  await eventually('listeners are told', () => release);
  assert.ok(loss.timeLeftMs > 0 && loss.timeLeftMs <= 300_000, `${loss.timeLeftMs} ms`);
  release();
  await stopped;
  assert.equal(loss.timeLeftMs, 0);
});

test('the Lease is not released before what listeners of lost returned has settled', async (t) => {
  const options = settings(t, { identity: 'a', drainTimeoutMs: 300_000 });
  const leading = await leader(t, options);
  let release;
  leading.on('lost', () => new Promise((resolve) => (release = resolve)));
  const stopped = leading.stop();
  await eventually('listeners are told', () => release);
  const { renewTime } = lease(options);
  await eventually('renewal goes on', () => lease(options).renewTime !== renewTime);
  assert.equal(lease(options).holderIdentity, 'a');
  assert.equal(leading.isLeader, false);
  assert.equal(leading.status().role, 'draining');
  release();
  await stopped;
  assert.equal(lease(options).holderIdentity, '');
});

test('over work that does not end in time the Lease is not released', async (t) => {
  const options = settings(t, { identity: 'a' });
  const leading = await leader(t, options);
  leading.on('lost', () => new Promise(() => {}));
  await leading.stop({ drainMs: 0 });
  assert.equal(lease(options).holderIdentity, 'a');
});

test('a listener that throws is an uncaught exception, and the others are told', async (t) => {
  const { code, lines, errors } = await program(t, 'throwing-listener.mjs').ended;
  assert.deepEqual(lines, ['told', 'Error: from a listener', 'Error: from a promise']);
  assert.equal(code, 0, errors);
});

test('an error of the API server is told as renewalFailing, never as error', async (t) => {
  const failing = election(t, { ...settings(t), mode: 'kubernetes', kubeconfig: unreachable(t) });
  const told = once(failing.ref(), 'renewalFailing');
  await failing.start();
  const [error] = await told;
  assert.equal(error.name, 'UnavailableError');
  assert.equal(error.code, 'unavailable');
  assert.deepEqual(failing.status().failing, error);
});

test('many listeners and many jobs of a term are no leak', async (t) => {
  const warnings = [];
  const listen = ({ message }) => warnings.push(message);
  process.on('warning', listen);
  t.after(() => process.off('warning', listen));
  const leading = await leader(t);
  for (let jobs = 0; jobs < 20; jobs += 1) {
    leading.on('lost', () => {});
    leading.term.signal.addEventListener('abort', () => {});
  }
  await new Promise(setImmediate);
  assert.deepEqual(warnings.filter((text) => text.includes('MaxListeners')), []);
});

test('events are mirrored on diagnostics channels', async (t) => {
  const told = [];
  const listen = (message, name) => told.push([name, message]);
  const names = ['acquired', 'lost', 'stopped'].map((name) => `leasehold:${name}`);
  for (const name of names) subscribe(name, listen);
  const watched = await leader(t);
  await eventually('it is told', () => told.length === 1);
  const { term } = watched;
  await watched.stop();
  for (const name of names) unsubscribe(name, listen);
  const loss = told[1][1].value;
  assert.equal(loss.reason, 'stopped');
  assert.deepEqual(told, [
    ['leasehold:acquired', { election: watched, value: term }],
    ['leasehold:lost', { election: watched, value: loss }],
    ['leasehold:stopped', { election: watched, value: undefined }],
  ]);
  assert.equal(channel('leasehold:acquired').hasSubscribers, false);
});
