/** A principal without the ceremony of proving it: only tests may. */

import type { Identity, Principal } from '../../src/principal.ts'

export const principal = (identity: Partial<Identity> = {}): Principal =>
  ({
    kind: 'session',
    subject: 'user-0',
    issuer: 'https://issuer.example.com',
    roles: [],
    scopes: [],
    claims: {},
    issuedAt: 0,
    expiresAt: 4_000_000_000,
    ...identity,
  }) as Identity as Principal
