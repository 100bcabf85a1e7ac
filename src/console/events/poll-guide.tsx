import { t } from '../language/language.ts'
import { Copyable } from '../parts/copyable.tsx'

/** How a program fetches the events of a subscription, with the addresses to copy. */
export function PollGuide({ id }: { readonly id: string }) {
  const address = `${location.origin}/api/event-subscriptions/${id}`
  return (
    <section class="card">
      <h2>{t('console.events.poll.title')}</h2>
      <p>{t('console.events.poll.fetch')}</p>
      <p>
        <code>GET</code> <Copyable text={`${address}/events?max=100&wait=20`} label={t('console.events.poll.fetch')} />
      </p>
      <p>{t('console.events.poll.acknowledge')}</p>
      <p>
        <code>POST</code> <Copyable text={`${address}/acknowledgements`} label={t('console.events.poll.acknowledge')} />
      </p>
      <p>
        <code>{'{"ids": ["chg_17"]}'}</code>
      </p>
    </section>
  )
}
