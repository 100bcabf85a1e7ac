// npm runs this after an installation. An old Node makes npm warn once for each package that asks for a newer one.
const [, version, major, minor] = /node\/v((\d+)\.(\d+)\S*)/.exec(process.env.npm_config_user_agent || '') || []

if (version && (Number(major) < 22 || (major === '22' && Number(minor) < 15))) {
  process.stdout.write(
    `npm runs on Node ${version}; Node 22.15 or newer installs without the warnings above. ` +
      'Everything works all the same: the npm scripts run on the Node 26 that is now in node_modules.\n',
  )
}
