// Between Leasehold's values and JSON, on the standard output.

/** Writes one line at once. */
export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function answer(id, value = null) {
  say({ id, ok: value });
}

export function answerError(id, { code, message }) {
  say({ id, error: { kind: code ?? 'internal', message: wireMessage(message) } });
}

export function notify(candidate, event, fields) {
  say({ candidate, event, ...fields });
}

export function wireTerm({ fencingToken, transitions, leaseUid, acquisition, isValid }) {
  return {
    fencing_token: String(fencingToken),
    transitions,
    lease_uid: leaseUid,
    acquisition,
    is_valid: isValid,
  };
}

export function wireStatus(status) {
  const { lease, mode, identity, role, holder, whyNotLeading, failing, watching } = status;
  return {
    lease,
    mode,
    identity,
    role,
    holder,
    why_not_leading: whyNotLeading,
    failing: failing && { kind: failing.code, message: failing.message },
    watching,
    fencing_token: status.fencingToken && String(status.fencingToken),
  };
}

const DURATIONS = new Set([
  'lease_duration',
  'renew_deadline',
  'retry_period',
  'drain_timeout',
  'stall_timeout',
  'spread',
]);

/** Other settings of which messages of cases speak. */
const OTHERS = [
  'release_on_stop',
  'proof_of_death',
  'kubernetes_events',
  'leader_service',
  'leader_address',
];

/** The settings by the names of the package, with durations in milliseconds; null leaves one out. */
export function optionsOf(config) {
  const options = {};
  for (const [field, value] of Object.entries(config)) {
    if (value === null) continue;
    if (DURATIONS.has(field)) options[`${camelCase(field)}Ms`] = Math.round(value * 1e6) / 1e3;
    else options[camelCase(field)] = value;
  }
  return options;
}

/** A message that names settings as cases do, with durations in seconds. */
function wireMessage(message) {
  const time = /Ms( = `?| \()(-?[\d.]+)( ms)?/g;
  return [...DURATIONS, ...OTHERS].reduce(
    (text, field) => text.replaceAll(new RegExp(`\\b${camelCase(field)}\\b`, 'g'), field),
    message.replaceAll(time, (_, before, ms, unit) => before + ms / 1e3 + (unit ? ' s' : '')),
  );
}

function camelCase(field) {
  return field.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}
