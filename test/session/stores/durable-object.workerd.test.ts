import { env } from 'cloudflare:workers'
import { createDurableObjectStore, type SessionObjects } from '../../../src/session/stores/durable-object.ts'
import { storeContract } from './contract.ts'

storeContract('durable-object', () => createDurableObjectStore(env['SESSION_OBJECTS'] as SessionObjects))
