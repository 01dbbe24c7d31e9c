/** The people of Old Books Ltd: the old app knows them by heart, and so does the demo's identity provider. */

export interface Account {
  readonly name: string
  /** In plain text, as it was done then. */
  readonly password: string
  readonly email: string
  readonly roles: readonly string[]
}

export const accounts: readonly Account[] = [
  { name: 'ada', password: 'ada-1815', email: 'ada@example.com', roles: ['staff'] },
  { name: 'grace', password: 'grace-1906', email: 'grace@example.com', roles: ['staff', 'admin'] },
]

/** @returns null for a name and a password that don't belong together */
export const findAccount = (name: string | null, password: string | null): Account | null =>
  accounts.find((account) => account.name === name && account.password === password) ?? null
