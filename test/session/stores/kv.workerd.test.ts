import { env } from 'cloudflare:workers'
import { createKvStore, type KvNamespace } from '../../../src/session/stores/kv.ts'
import { storeContract } from './contract.ts'

const namespace = env['SESSIONS'] as KvNamespace

storeContract('kv', () => createKvStore(namespace))
