import { fileURLToPath } from 'node:url'

/**
 * The path of a file of the installation, given from the folder of package.json. `npm run build` puts this code into
 * `dist/gateway`, which is as deep below that folder as `src/config`.
 */
export const inRootFolder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
