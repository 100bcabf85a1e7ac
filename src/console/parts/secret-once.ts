import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/**
 * A secret that is shown once. null: there is none to show. It goes out of memory with its component, and before the
 * page is left.
 * @param onForget closes the place of the secret when the page is left
 */
export function useSecretOnce(onForget: () => void): Signal<string | null> {
  const secret = useSignal<string | null>(null)
  useEffect(() => {
    // The back-forward cache keeps the page as it is left, so the secret goes before the page does.
    const forget = () => {
      secret.value = null
      onForget()
    }
    addEventListener('pagehide', forget)
    return () => {
      removeEventListener('pagehide', forget)
      secret.value = null
    }
  }, [])
  return secret
}
