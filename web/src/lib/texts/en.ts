import { pluralIn } from './plural';
import type { Refusal } from './refusals';

const plural = pluralIn('en');

/** English. The other catalogues have the same texts: their type is this one's. */
export const en = {
  // What every part of the client says
  common: {
    appName: 'Tenfour',
    save: 'Save',
    cancel: 'Cancel',
    close: 'Close',
    back: 'Back',
    retry: 'Try again',
    delete: 'Delete',
    copy: 'Copy',
    copied: 'Copied',
    loading: 'Loading…',
    more: 'More',
    dismiss: 'Dismiss',
    you: 'You',
    openMenu: 'Open menu',
    unread: (count: number) => plural(count, { one: '# unread message', other: '# unread messages' }),
    mentioned: 'you were mentioned',
    charactersLeft: (count: number) => plural(count, { one: '# character left', other: '# characters left' }),
    charactersOver: (count: number) => plural(count, { one: '# character too many', other: '# characters too many' }),
  },

  time: {
    today: 'Today',
    yesterday: 'Yesterday',
  },

  presence: {
    online: 'Online',
    away: 'Away',
    offline: 'Offline',
  },

  /** A failure by its code; null: the server's own words, which are English, say it. */
  refusal: (_code: string): Refusal | null => null,

  // Setting up, logging in, registering
  auth: {
    name: 'Name',
    password: 'Password',
    newPassword: 'New password',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    passwordHint: 'At least 8 characters. Three or four unrelated words are easy to remember and hard to guess.',
    nameHint: 'How others find and see you: letters, digits, dots, dashes and underscores.',
    nameMissing: 'Enter your name.',
    nameShape: 'Use 1 to 64 letters, digits, dots, dashes or underscores.',
    passwordMissing: 'Enter your password.',
    passwordTooShort: 'Use at least 8 characters.',
    logIn: 'Log in',
    logInTitle: 'Welcome back',
    logInText: 'Log in to go on where you left off.',
    logOut: 'Log out',
    noAccount: 'No account yet?',
    register: 'Create account',
    registerTitle: 'Create your account',
    registerText: 'A name and a password are all that is needed.',
    registerInvitedText: 'You have been invited. A name and a password are all that is needed.',
    haveAccount: 'Have an account already?',
    inviteNeededTitle: 'By invitation only',
    inviteNeededText: 'This server takes new people by invitation. Ask an administrator for a link.',
    closedTitle: 'Registration is closed',
    closedText: 'New accounts on this server are made by its administrators.',
    setupTitle: 'Set up your server',
    setupText: 'Make the first account. It administers this server.',
    setUp: 'Create administrator',
    setupDoneTitle: 'This server is set up already',
    setupDoneText: 'The one-time link has been used. Log in with your account.',
    setupLinkMissingTitle: 'The link is not whole',
    setupLinkMissingText: 'Open the whole link that the server printed at its last start, with everything after the #.',
    setupNeededTitle: 'Almost there',
    setupNeededText: 'This server has no administrator yet. Open the one-time link that it printed when it started.',
    goToLogIn: 'Go to log in',
    signedOutTitle: 'You were signed out',
    tagline: 'Sent means stored. Read means read.',
    language: 'Language',
    unreachable: 'The server does not answer.',
    unreachableAdvice: 'Check your network; it is tried again when you press the button.',
    waitSeconds: (count: number) => plural(count, { one: 'Try again in # second.', other: 'Try again in # seconds.' }),
    waitMinutes: (count: number) => plural(count, { one: 'Try again in # minute.', other: 'Try again in # minutes.' }),
  },

  settings: {
    title: 'Settings',
    sections: 'Sections of the settings',
    profile: 'Profile',
    sessions: 'Sessions',
    appearance: 'Appearance',
    notifications: 'Notifications',
    about: 'About',
    backToChats: 'Back to chats',
    backToSettings: 'Back to settings',
    saved: 'Saved.',

    // Profile
    picture: 'Picture',
    pictureHint: 'Cropped to a square. Everybody whom you share a chat with sees it.',
    pictureChoose: 'Choose picture…',
    pictureChange: 'Change picture…',
    pictureRemove: 'Remove',
    pictureUnreadable: 'This file is not a picture that the browser can read. Take a PNG, JPEG or WebP.',
    colour: 'Colour',
    colourHint: 'Behind your initials, and of your name in groups.',
    hues: ['Rose', 'Orange', 'Amber', 'Olive', 'Green', 'Teal', 'Sky', 'Blue', 'Violet', 'Pink'],
    nameHint: 'You log in with it too.',
    passwordTitle: 'Change password',
    passwordOld: 'Current password',
    passwordChange: 'Change password',
    passwordChanged: 'Password changed. Your other sessions were signed out.',
    passwordOldWrong: 'This is not your current password.',

    // Sessions
    sessionsText: 'Where you are signed in. Sign out what you do not know, and change your password.',
    thisSession: 'This one',
    lastUsed: (when: string) => `Last used ${when}`,
    signedIn: (when: string) => `Signed in ${when}`,
    signOut: 'Sign out',
    signOutOf: (device: string) => `Sign out ${device}`,
    signOutOthers: 'Sign out all others',
    signedOutOthers: (count: number) =>
      plural(count, { one: '# session signed out.', other: '# sessions signed out.' }),
    device: (browser: string, system: string) => `${browser} on ${system}`,
    unknownDevice: 'Unknown device',

    // Appearance
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    density: 'Density',
    densities: { comfortable: 'Comfortable', compact: 'Compact' },
    language: 'Language',
    languageOfBrowser: (name: string) => `As the browser says (${name})`,
    languageFailed: 'The language could not be loaded. Try again when the server can be reached.',
    notKept: 'This browser keeps nothing for this page, so what you choose lasts for this visit only.',

    // Notifications and writing
    desktop: 'Desktop notifications',
    desktopHint: 'For direct messages and mentions, while this page is not in front.',
    desktopDenied:
      'The browser blocks notifications of this page. Allow them in the settings of the page, beside its address.',
    desktopMissing: 'This browser shows notifications only over https.',
    sound: 'Sound',
    soundHint: 'Two short tones with each notification.',
    writing: 'Writing',
    enterSends: 'Enter sends',
    enterSendsHint: 'Shift+Enter makes a line. Switched off it is the other way round.',
    singleKeys: 'Shortcuts of one letter',
    singleKeysHint: 'Such as R to reply, while no field has the focus.',
    sendTyping: 'Show others when I type',
    sendTypingHint: 'Switched off nobody sees it; you still see theirs.',

    // About
    server: 'Server',
    version: 'Version',
    node: 'Node',
    protocol: 'Protocol',
    address: 'Address',
    licence: 'Licence',
    secure: 'Encrypted',
    secureYes: 'Yes, by https',
    secureNo: 'No: plain http',
    everythingHere: 'Nothing is missing here: notifications, offline start and installing all work.',
    missingTitle: 'Missing in this browser, at this address',
    apiDocs: 'Reference of the API',
    connectionPanel: 'What support asks for is in the connection panel.',
  },

  // A page that is not there, not for you, or cannot be had
  errors: {
    missingTitle: 'Nothing is here',
    missingText: 'The address may be mistyped, or what it led to is gone.',
    forbiddenTitle: 'This is not open to you',
    forbiddenText: 'You are not a member of this chat. Ask somebody in it to add you.',
    unreachableTitle: 'The server does not answer',
    unreachableText: 'It may be restarting, or your network may be down. What you have written is kept.',
    internalTitle: 'Something went wrong',
    toChats: 'Back to chats',
  },

  // The list of chats and what is done with a chat
  chats: {
    title: 'Chats',
  },

  // Members of a chat
  members: {
    title: 'Members',
  },

  // A conversation: rows, composer, ticks, typing
  conversation: {
    newMessages: 'New messages',
  },

  // The bar and the panel of the connection
  connection: {
    connecting: 'Connecting…',
  },

  // Desktop notifications
  notifying: {
    newMessage: 'New message',
  },

  // The sheet of keyboard shortcuts
  shortcuts: {
    title: 'Keyboard shortcuts',
  },

  // Installing, updating, offline start
  app: {
    update: 'A new version is ready',
  },
};
