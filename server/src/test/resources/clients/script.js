// The steps of ClientScriptsTest with npm's "consul": a line of JSON for each.
const Consul = require('consul');
const [host, port] = process.argv[2].split(':');
const consul = new Consul({ host, port: Number(port) });

async function step(name, run) {
  let answer;
  try {
    answer = await run();
  } catch (failed) {
    answer = { failed: failed.message };
  }
  console.log(JSON.stringify({ step: name, answer: answer === undefined ? null : answer }));
  return answer;
}

async function main() {
  await step('status leader', () => consul.status.leader());
  await step('agent self', async () => (await consul.agent.self()).Config);
  await step('register', () =>
    consul.agent.service.register({
      name: 'shop',
      id: 'shop-1',
      address: '10.0.0.1',
      port: 80,
      tags: ['a', 'b'],
      meta: { k: 'v' },
      check: { checkid: 'c', ttl: '1h', status: 'passing' },
    }));
  await step('register without a name', () => consul.agent.service.register({ port: 1 }));
  await step('agent services', () => consul.agent.services());
  await step('agent checks', () => consul.agent.checks());
  await step('check fail', () => consul.agent.check.fail({ id: 'c', note: 'down' }));
  await step('check of nobody', () => consul.agent.check.pass('nobody'));
  await step('maintenance', () => consul.agent.service.maintenance({ id: 'shop-1', enable: true }));
  await step('agent checks in maintenance', () => consul.agent.checks());
  await step('maintenance over', () =>
    consul.agent.service.maintenance({ id: 'shop-1', enable: false }));
  await step('check pass', () => consul.agent.check.pass('c'));
  await step('alias', () =>
    consul.agent.check.register({ name: 'alias', aliasservice: 'shop-1', serviceid: 'shop-1' }));
  await step('alias away', () => consul.agent.check.deregister('alias'));
  await step('event', async () => (await consul.event.fire('deploy', 'now')).Name);
  await step('catalog nodes', () => consul.catalog.node.list());
  await step('kv set', () => consul.kv.set('app/a', 'one'));
  await step('kv set with flags', () => consul.kv.set({ key: 'app/b', value: 'two', flags: 7 }));
  const pair = await step('kv get', () => consul.kv.get('app/a'));
  await step('kv none', () => consul.kv.get('app/none'));
  await step('kv cas', () => consul.kv.set({ key: 'app/a', value: '2', cas: pair.ModifyIndex }));
  await step('kv cas too late', () =>
    consul.kv.set({ key: 'app/a', value: '3', cas: pair.ModifyIndex }));
  await step('kv keys', () => consul.kv.keys('app/'));
  await step('kv recurse', () => consul.kv.get({ key: 'app/', recurse: true }));
  const session = await step('session create', () =>
    consul.session.create({ name: 's', ttl: '30s', lockdelay: '0s' }));
  await step('lock', () => consul.kv.set({ key: 'app/lock', value: 'me', acquire: session.ID }));
  await step('session info', () => consul.session.get(session.ID));
  await step('unlock', () => consul.kv.set({ key: 'app/lock', value: '', release: session.ID }));
  await step('session destroy', () => consul.session.destroy(session.ID));
  await step('txn', () =>
    consul.transaction.create([
      { KV: { Verb: 'set', Key: 'app/t', Value: Buffer.from('t').toString('base64') } },
      { KV: { Verb: 'get', Key: 'app/t' } },
    ]));
  await step('txn that fails', () =>
    consul.transaction.create([{ KV: { Verb: 'check-index', Key: 'app/t', Index: 1 } }]));
  await step('kv delete', () => consul.kv.del({ key: 'app/', recurse: true }));
  await step('catalog services', () => consul.catalog.service.list());
  await step('catalog service', () => consul.catalog.service.nodes('shop'));
  await step('health service', () => consul.health.service({ service: 'shop', passing: true }));
  await step('health state', () => consul.health.state('critical'));
  await step('health checks', () => consul.health.checks('shop'));
  await step('deregister', () => consul.agent.service.deregister('shop-1'));
  await step('health of none', () => consul.health.service('shop'));
}

main();
