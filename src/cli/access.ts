/** Who may, said in a few words, for tables that people read. */

import type { Access } from '../route/schema.ts'

/** `{ any: [{ roles: ['a'] }, 'signed-in'] }` → `(role a, or signed-in)` */
export function sayAccess(access: Access): string {
  if (typeof access === 'string') return access
  if ('roles' in access) return `role ${access.roles.join(' or ')}`
  if ('scopes' in access) return `scope ${access.scopes.join(' and ')}`
  if ('claim' in access) {
    const path = typeof access.claim === 'string' ? access.claim : JSON.stringify(access.claim)
    return `claim ${path} is ${[access.is]
      .flat()
      .map((value) => JSON.stringify(value))
      .join(' or ')}`
  }
  if ('signedInWithin' in access) return `signed in within ${access.signedInWithin} s`
  if ('acr' in access) return `acr ${access.acr.join(' or ')}`
  if ('all' in access) return `(${access.all.map(sayAccess).join(', and ')})`
  if ('any' in access) return `(${access.any.map(sayAccess).join(', or ')})`
  return `not ${sayAccess(access.not)}`
}
