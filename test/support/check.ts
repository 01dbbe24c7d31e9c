/** Asks `/.sallyport/check` as a proxy in front of the app does. */

import type { TestGateway } from './gateway.ts'

export const checkSecret = 'a-check-secret-of-32-characters-or-more'

/** @param more headers beside the proxy's own, or in their place */
export const check = async (
  { gateway }: Pick<TestGateway, 'gateway'>,
  uri: string,
  more: Record<string, string>,
  facts = {},
): Promise<Response> =>
  gateway.endpoints.fetch(
    new Request('https://gateway.example.com/.sallyport/check', {
      headers: {
        'x-sallyport-secret': checkSecret,
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'app.example.com',
        'x-forwarded-uri': uri,
        ...more,
      },
    }),
    facts,
  )
