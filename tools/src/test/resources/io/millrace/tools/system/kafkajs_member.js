// A group member on kafkajs. Arguments: bootstrap, group, topic, assignor, name. Tells events as MemberEvent reads them.
const { Kafka, logLevel } = require('kafkajs')

const [bootstrap, group, topic, , name] = process.argv.slice(2)
let held = []

function tell(kind, offsets, ends, began, detail) {
  const now = process.hrtime.bigint()
  const text = [offsets, ends].map(map => Object.entries(map || {}).map(([p, o]) => `${topic}:${p}:${o}`).join(','))
  console.log(`event|${kind}|${name}|${began || now}|${now}|-1|${text[0]}|${text[1]}|${(detail || '').replace(/[|\n]/g, ' ')}`)
}

const zeros = partitions => Object.fromEntries(partitions.map(p => [p, 0]))

function release() {
  if (held.length) tell('REVOKED', zeros(held))
  held = []
}

const kafka = new Kafka({ clientId: name, brokers: bootstrap.split(','), logLevel: logLevel.ERROR, retry: { initialRetryTime: 100 } })
const consumer = kafka.consumer({ groupId: group, sessionTimeout: 3000, heartbeatInterval: 300, rebalanceTimeout: 10000, metadataMaxAge: 2000, maxWaitTimeInMs: 200 })
consumer.on(consumer.events.REBALANCING, release)
consumer.on(consumer.events.GROUP_JOIN, event => {
  release()
  held = event.payload.memberAssignment[topic] || []
  tell('ASSIGNED', zeros(held))
})

async function main() {
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  process.on('SIGTERM', async () => {
    await consumer.stop()
    release()
    await consumer.disconnect()
    tell('CLOSED')
    process.exit(0)
  })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, isStale }) => {
      if (isStale() || batch.messages.length === 0) return
      const end = Number(batch.lastOffset()) + 1
      tell('READ', { [batch.partition]: batch.messages[0].offset }, { [batch.partition]: end })
      resolveOffset(batch.lastOffset())
      const began = process.hrtime.bigint()
      try {
        await consumer.commitOffsets([{ topic, partition: batch.partition, offset: String(end) }])
        tell('COMMITTED', { [batch.partition]: end }, null, began)
      } catch (e) {
        tell('REFUSED', { [batch.partition]: end }, null, began, String(e))
        throw e
      }
    },
  })
}

main().catch(e => {
  tell('FAILED', null, null, null, String(e))
  process.exit(1)
})
