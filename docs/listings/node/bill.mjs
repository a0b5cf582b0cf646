/** Writes the bills, on the leader. */
export async function bill(election) {
  return (await election.runIfLeader(() => 'billed')) ?? 'left to another';
}
