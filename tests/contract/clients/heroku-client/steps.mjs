// What a program does with heroku-client; each step prints a line of JSON.
import { createRequire } from 'node:module'

const { TOKEN, HEROKU, APP, INSTALLED } = process.env
// It is installed elsewhere than this script is.
const Heroku = createRequire(INSTALLED)('heroku-client')
const heroku = new Heroku({ token: TOKEN, host: HEROKU })
const addons = `/apps/${APP}/addons`

async function step (name, work) {
  const began = performance.now()
  const result = await work()
  const seconds = (performance.now() - began) / 1000
  console.log(JSON.stringify({ step: name, seconds, result }))
}

const plan = 'herokuconnect:demo'
await step('GET /account', async () => (await heroku.get('/account')).email)
await step('GET /apps', async () => (await heroku.get('/apps')).map(app => app.name))
await step('POST /apps/<app>/addons', async () =>
  (await heroku.post(addons, { body: { plan, name: 'hc-acme' } })).name)
await heroku.post(addons, { body: { plan, name: 'hc-second' } })
await heroku.post(addons, { body: { plan, name: 'hc-third' } })
await step('GET /apps/<app>/addons, in pages', async () => {
  const found = await heroku.get(addons, { headers: { Range: 'id ..; max=2' } })
  return found.map(each => each.name).sort()
})
await step('PATCH /apps/<app>/addons/<name>', async () => {
  const body = { plan: 'herokuconnect:enterprise' }
  return (await heroku.patch(`${addons}/hc-acme`, { body })).plan.name
})
await step('PATCH /apps/<app>/config-vars', async () =>
  (await heroku.patch(`/apps/${APP}/config-vars`, { body: { A: '1' } })).A)
await step('DELETE /apps/<app>/addons/<name>', async () =>
  (await heroku.delete(`${addons}/hc-acme`)).state)
await step('GET of what is gone', async () => {
  try {
    return await heroku.get(`${addons}/hc-acme`)
  } catch (error) {
    return [error.statusCode, error.body.id]
  }
})
