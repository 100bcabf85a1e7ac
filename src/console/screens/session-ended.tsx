import { t } from '../language/language.ts'
import { useArrival } from '../places/arrival.ts'
import { signIn, signOut } from '../session/session.ts'

interface CardProps {
  readonly title: string
  readonly text: string
  readonly detail?: string
  readonly action: string
  readonly onAction: () => void
}

function Card({ title, text, detail, action, onAction }: CardProps) {
  useArrival(title, true)
  return (
    <section class="card alone">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{text}</p>
      {detail !== undefined && <p class="muted">{detail}</p>}
      <button type="button" class="primary" onClick={onAction}>
        {action}
      </button>
    </section>
  )
}

/** `/signed-out`. */
export function SignedOut() {
  return (
    <Card
      title={t('console.signedOut')}
      text={t('console.signedOut.text')}
      action={t('console.signIn')}
      onAction={() => void signIn()}
    />
  )
}

/** The gateway refuses the very token that the issuer has just given. */
export function Refused() {
  return (
    <Card
      title={t('console.refused')}
      text={t('console.refused.text')}
      action={t('console.signInAsOther')}
      onAction={() => void signOut()}
    />
  )
}

/** The issuer could not be reached, or its answer did not pass the checks. */
export function Failed({ error }: { readonly error: unknown }) {
  return (
    <Card
      title={t('console.signInFailed')}
      text={t('console.signInFailed.text')}
      {...(error instanceof Error && { detail: error.message })}
      action={t('console.signIn')}
      onAction={() => void signIn()}
    />
  )
}
