import { defineOrigin } from '../../../src/route/schema.ts'

/** A PHP shop whose back office has a door of paper: `$_SERVER['HTTP_X_REMOTE_USER']`, and nothing else. */
export default defineOrigin({
  name: 'shop',
  host: ['shop.example.com', 'localhost'],
  upstream: { env: 'PHP_URL' },
  session: true,
  signIn: '/sign-in.php',
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } },
  rules: [
    { path: '/sign-in.php', methods: ['GET', 'HEAD'], access: 'public' },
    { path: '/assets/*', methods: ['GET', 'HEAD'], access: 'public' },
    // /office.php, and /office.php/anything too: PHP runs the same script for both
    { path: '/office.php/*', access: { roles: ['office'] } },
    // everybody may look; who has signed in is greeted by name
    { path: '/', methods: ['GET', 'HEAD'], access: 'optional' },
    { path: '/index.php', methods: ['GET', 'HEAD'], access: 'optional' },
    // every other script, known or forgotten, is for those who have signed in
    { path: '/*', access: 'signed-in' },
  ],
})
