/** Makes a thing when it is first asked for, and never again: what the first answer doesn't need isn't waited for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined
  return () => {
    made ??= { it: make() }
    return made.it
  }
}
