/** What the server's rules (`domain/member.py`) let a member do; it decides anew, so this only says what to offer. */
export type Role = 'owner' | 'admin' | 'member';

const RANK: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

export function mayRename(kind: string, role: Role): boolean {
  return kind !== 'direct' && RANK[role] >= RANK.admin;
}

export function mayAdd(kind: string, role: Role): boolean {
  return kind === 'group' || (kind === 'channel' && RANK[role] >= RANK.admin);
}

export function mayRemove(kind: string, role: Role, other: Role): boolean {
  return kind !== 'direct' && (role === 'owner' || RANK[role] > RANK[other]);
}

export function mayLeave(kind: string): boolean {
  return kind !== 'direct';
}

/** The roles that somebody may be given instead of the present one. */
export function rolesToGive(kind: string, role: Role, other: Role): Role[] {
  const others = (['owner', 'admin', 'member'] as const).filter((each) => each !== other);
  if (kind === 'direct') return [];
  if (role === 'owner') return others;
  return others.filter((each) => RANK[role] > RANK[other] && RANK[role] > RANK[each]);
}
