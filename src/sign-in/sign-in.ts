/** Signing in with a provider: puts its parts together. The rest of the gateway knows it by endpoints/sign-in.ts alone. */

import { Hono } from 'hono/tiny'
import type { Own } from '../endpoints/line.ts'
import type { SignIn, SignInParts } from '../endpoints/sign-in.ts'
import { createSealer } from '../session/seal.ts'
import { backChannelPath, createBackChannel } from './back-channel.ts'
import { callbackPath, createCallback } from './callback.ts'
import { createContacts } from './contact.ts'
import { createFarewell, signedOutPath } from './farewell.ts'
import { createFrontChannel, frontChannelPath } from './front-channel.ts'
import { createLeave } from './leave.ts'
import { signInPath } from './pages.ts'
import { createRefresh } from './refresh.ts'
import { createStart } from './start.ts'
import { createVisits } from './visit.ts'

export function createSignIn(parts: SignInParts): SignIn {
  const contacts = createContacts(parts)
  const visits = createVisits(parts)
  const working = { ...parts, contacts, visits, sealer: createSealer(parts.sealingKeys) }
  const app = new Hono<Own>()
  app.get(signInPath, visits.receive(createStart(working)))
  for (const provider of parts.providers.values())
    app.get(callbackPath(provider), visits.receive(createCallback(working, provider)))
  app.get(signedOutPath, visits.receive(createFarewell(working)))
  app.post(backChannelPath, createBackChannel(working))
  app.get(frontChannelPath, createFrontChannel(parts))
  return { endpoints: app, accessToken: createRefresh(working), leave: createLeave(working) }
}
