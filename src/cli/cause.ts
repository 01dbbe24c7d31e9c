/** Why there was no answer, in the system's word for it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { readonly code?: unknown }
  if (typeof code === 'string') return code
  return error.cause === undefined ? error.message || error.name : causeOf(error.cause)
}
