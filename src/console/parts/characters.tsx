import { t } from '../language/language.ts'
import type { Piece } from '../uri/visible-characters.ts'

/** A text with each unseen or deceptive character as a chip that names it. */
export function Characters({ pieces }: { readonly pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map(({ text, codePoint }, index) =>
        codePoint === undefined ? (
          text
        ) : (
          // The place in the text is the only identity that a piece has.
          <span key={index} class="chip" title={t('console.character.title', { character: codePoint })}>
            {/\p{L}/u.test(text) && `${text} `}
            {codePoint}
          </span>
        ),
      )}
    </>
  )
}
