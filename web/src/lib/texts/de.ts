import type { Texts } from './index.svelte';
import { refusals } from './de-refusals';
import { pluralIn } from './plural';

const plural = pluralIn('de');

export const de: Texts = {
  common: {
    appName: 'Tenfour',
    save: 'Speichern',
    cancel: 'Abbrechen',
    close: 'Schließen',
    back: 'Zurück',
    retry: 'Noch einmal versuchen',
    delete: 'Löschen',
    copy: 'Kopieren',
    copied: 'Kopiert',
    loading: 'Wird geladen …',
    more: 'Mehr',
    dismiss: 'Ausblenden',
    you: 'Du',
    openMenu: 'Menü öffnen',
    unread: (count: number) => plural(count, { one: '# ungelesene Nachricht', other: '# ungelesene Nachrichten' }),
    mentioned: 'du wurdest erwähnt',
    charactersLeft: (count: number) => plural(count, { one: 'Noch # Zeichen', other: 'Noch # Zeichen' }),
    charactersOver: (count: number) => plural(count, { one: '# Zeichen zu viel', other: '# Zeichen zu viel' }),
  },

  time: {
    today: 'Heute',
    yesterday: 'Gestern',
  },

  presence: {
    online: 'Online',
    away: 'Abwesend',
    offline: 'Offline',
  },

  refusal: (code) => {
    const said = new Map(Object.entries(refusals)).get(code);
    return said === undefined ? null : { title: said[0], advice: said[1] };
  },

  // Einrichten, Anmelden, Registrieren
  auth: {
    name: 'Name',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    showPassword: 'Passwort anzeigen',
    hidePassword: 'Passwort verbergen',
    passwordHint: 'Mindestens 8 Zeichen. Drei oder vier beliebige Wörter sind leicht zu merken und schwer zu erraten.',
    nameHint: 'So finden und sehen dich andere: Buchstaben, Ziffern, Punkte, Binde- und Unterstriche.',
    nameMissing: 'Gib deinen Namen ein.',
    nameShape: 'Nimm 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche.',
    passwordMissing: 'Gib dein Passwort ein.',
    passwordTooShort: 'Nimm mindestens 8 Zeichen.',
    logIn: 'Anmelden',
    logInTitle: 'Willkommen zurück',
    logInText: 'Melde dich an und mach weiter, wo du aufgehört hast.',
    logOut: 'Abmelden',
    noAccount: 'Noch kein Konto?',
    register: 'Konto anlegen',
    registerTitle: 'Leg dein Konto an',
    registerText: 'Ein Name und ein Passwort genügen.',
    registerInvitedText: 'Du bist eingeladen. Ein Name und ein Passwort genügen.',
    haveAccount: 'Schon ein Konto?',
    inviteNeededTitle: 'Nur mit Einladung',
    inviteNeededText:
      'Dieser Server nimmt neue Leute auf Einladung auf. Bitte jemanden aus der Verwaltung um einen Link.',
    closedTitle: 'Registrieren ist nicht möglich',
    closedText: 'Neue Konten legt auf diesem Server die Verwaltung an.',
    setupTitle: 'Richte deinen Server ein',
    setupText: 'Leg das erste Konto an. Es verwaltet diesen Server.',
    setUp: 'Verwaltungskonto anlegen',
    setupDoneTitle: 'Dieser Server ist schon eingerichtet',
    setupDoneText: 'Der einmalige Link ist verbraucht. Melde dich mit deinem Konto an.',
    setupLinkMissingTitle: 'Der Link ist nicht vollständig',
    setupLinkMissingText:
      'Öffne den ganzen Link, den der Server beim letzten Start ausgegeben hat, mit allem nach dem #.',
    setupNeededTitle: 'Gleich geschafft',
    setupNeededText:
      'Dieser Server hat noch keine Verwaltung. Öffne den einmaligen Link, den er beim Start ausgegeben hat.',
    goToLogIn: 'Zur Anmeldung',
    signedOutTitle: 'Du wurdest abgemeldet',
    tagline: 'Gesendet heißt gespeichert. Gelesen heißt gelesen.',
    language: 'Sprache',
    unreachable: 'Der Server antwortet nicht.',
    unreachableAdvice: 'Prüf deine Verbindung; der Knopf versucht es noch einmal.',
    waitSeconds: (count: number) =>
      plural(count, { one: 'Versuch es in # Sekunde wieder.', other: 'Versuch es in # Sekunden wieder.' }),
    waitMinutes: (count: number) =>
      plural(count, { one: 'Versuch es in # Minute wieder.', other: 'Versuch es in # Minuten wieder.' }),
  },

  settings: {
    title: 'Einstellungen',
    sections: 'Abschnitte der Einstellungen',
    profile: 'Profil',
    sessions: 'Sitzungen',
    appearance: 'Aussehen',
    notifications: 'Benachrichtigungen',
    about: 'Info',
    backToChats: 'Zurück zu den Chats',
    backToSettings: 'Zurück zu den Einstellungen',
    saved: 'Gespeichert.',

    // Profil
    picture: 'Bild',
    pictureHint: 'Wird quadratisch zugeschnitten. Alle, mit denen du einen Chat teilst, sehen es.',
    pictureChoose: 'Bild wählen …',
    pictureChange: 'Bild ändern …',
    pictureRemove: 'Entfernen',
    pictureUnreadable: 'Diese Datei ist kein Bild, das der Browser lesen kann. Nimm PNG, JPEG oder WebP.',
    colour: 'Farbe',
    colourHint: 'Hinter deinen Initialen, und die deines Namens in Gruppen.',
    hues: ['Rosé', 'Orange', 'Bernstein', 'Oliv', 'Grün', 'Petrol', 'Himmel', 'Blau', 'Violett', 'Rosa'],
    nameHint: 'Damit meldest du dich auch an.',
    passwordTitle: 'Passwort ändern',
    passwordOld: 'Jetziges Passwort',
    passwordChange: 'Passwort ändern',
    passwordChanged: 'Passwort geändert. Deine anderen Sitzungen wurden abgemeldet.',
    passwordOldWrong: 'Das ist nicht dein jetziges Passwort.',

    // Sitzungen
    sessionsText: 'Hier bist du angemeldet. Melde ab, was du nicht kennst, und ändere dein Passwort.',
    thisSession: 'Diese',
    lastUsed: (when: string) => `Zuletzt benutzt: ${when}`,
    signedIn: (when: string) => `Angemeldet: ${when}`,
    signOut: 'Abmelden',
    signOutOf: (device: string) => `${device} abmelden`,
    signOutOthers: 'Alle anderen abmelden',
    signedOutOthers: (count: number) =>
      plural(count, { one: '# Sitzung abgemeldet.', other: '# Sitzungen abgemeldet.' }),
    device: (browser: string, system: string) => `${browser} auf ${system}`,
    unknownDevice: 'Unbekanntes Gerät',

    // Aussehen
    theme: 'Farben',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    density: 'Dichte',
    densities: { comfortable: 'Luftig', compact: 'Kompakt' },
    language: 'Sprache',
    languageOfBrowser: (name: string) => `Wie der Browser (${name})`,
    languageFailed: 'Die Sprache konnte nicht geladen werden. Versuch es, wenn der Server erreichbar ist.',
    notKept: 'Dieser Browser behält für diese Seite nichts; was du wählst, gilt nur für diesen Besuch.',

    // Benachrichtigungen und Schreiben
    desktop: 'Benachrichtigungen auf dem Schreibtisch',
    desktopHint: 'Bei Nachrichten an dich und Erwähnungen, solange diese Seite nicht vorn ist.',
    desktopDenied:
      'Der Browser verbietet dieser Seite Benachrichtigungen. Erlaub sie in den Einstellungen der Seite neben der Adresse.',
    desktopMissing: 'Dieser Browser zeigt Benachrichtigungen nur über https.',
    sound: 'Ton',
    soundHint: 'Zwei kurze Töne bei jeder Benachrichtigung.',
    writing: 'Schreiben',
    enterSends: 'Eingabetaste sendet',
    enterSendsHint: 'Umschalt+Eingabe macht eine neue Zeile. Ausgeschaltet ist es umgekehrt.',
    singleKeys: 'Kürzel aus einem Buchstaben',
    singleKeysHint: 'Etwa R für Antworten, solange kein Feld den Fokus hat.',
    sendTyping: 'Anderen zeigen, wenn ich tippe',
    sendTypingHint: 'Ausgeschaltet sieht es niemand; du siehst es weiter bei anderen.',

    // Info
    server: 'Server',
    version: 'Version',
    node: 'Knoten',
    protocol: 'Protokoll',
    address: 'Adresse',
    licence: 'Lizenz',
    secure: 'Verschlüsselt',
    secureYes: 'Ja, durch https',
    secureNo: 'Nein: einfaches http',
    everythingHere: 'Hier fehlt nichts: Benachrichtigungen, Start ohne Netz und Installieren gehen.',
    missingTitle: 'Fehlt in diesem Browser, unter dieser Adresse',
    apiDocs: 'Beschreibung der API',
    connectionPanel: 'Was der Support wissen will, steht im Fenster der Verbindung.',
  },

  // Eine Seite, die es nicht gibt, die nicht offen ist oder nicht zu haben ist
  errors: {
    missingTitle: 'Hier ist nichts',
    missingText: 'Vielleicht ist die Adresse vertippt, oder das Ziel gibt es nicht mehr.',
    forbiddenTitle: 'Das ist nicht für dich offen',
    forbiddenText: 'Du bist kein Mitglied dieses Chats. Bitte jemanden darin, dich aufzunehmen.',
    unreachableTitle: 'Der Server antwortet nicht',
    unreachableText: 'Vielleicht startet er neu, oder dein Netz ist weg. Was du geschrieben hast, bleibt erhalten.',
    internalTitle: 'Etwas ist schiefgegangen',
    toChats: 'Zurück zu den Chats',
  },

  // Die Liste der Chats und was man mit einem Chat tut
  chats: {
    title: 'Chats',
    list: 'Chats',
    new: 'Neuer Chat',
    account: 'Konto und Einstellungen',
    search: 'Chats und Personen suchen',
    clearSearch: 'Suche leeren',
    draft: 'Entwurf:',
    typingAlone: 'schreibt …',
    typing: (names) =>
      names.length === 1
        ? `${names[0] ?? ''} schreibt …`
        : names.length === 2
          ? `${names.join(' und ')} schreiben …`
          : 'Mehrere Personen schreiben …',
    deleted: 'Nachricht gelöscht',
    nothingYet: 'Noch keine Nachrichten',
    gone: { left: 'Du hast den Chat verlassen', removed: 'Du wurdest entfernt' },
    status: {
      pending: 'Wartet auf das Senden',
      sent: 'Gesendet',
      delivered: 'Zugestellt',
      read: 'Gelesen',
      failed: 'Nicht gesendet',
    },
    emptyTitle: 'Noch keine Chats',
    emptyText: 'Schreib jemandem oder tritt einem Kanal bei, der allen offensteht.',
    failedTitle: 'Die Chats konnten nicht geladen werden',
    moreFailed: 'Ältere Chats konnten nicht geladen werden.',
    noResultTitle: 'Nichts gefunden',
    noResultText: (typed) => `Kein Chat, keine Person und kein Kanal heißt „${typed}“.`,
    foundChats: 'Chats',
    foundPeople: 'Personen',
    foundChannels: 'Kanäle zum Beitreten',
    searching: 'Wird gesucht …',
    noneOpenTitle: 'Mach weiter, wo du aufgehört hast',
    noneOpenText: 'Wähl links einen Chat aus oder fang einen neuen an.',
    markRead: 'Als gelesen markieren',
    copyLink: 'Link kopieren',
    linkCopied: 'Link kopiert',
    actions: 'Mehr zu diesem Chat',
    membersOnline: (members, online) =>
      online === 0
        ? plural(members, { one: '# Mitglied', other: '# Mitglieder' })
        : `${plural(members, { one: '# Mitglied', other: '# Mitglieder' })}, ${online} online`,
    leftTitle: 'Du hast diesen Chat verlassen',
    leftText: 'Was bis dahin geschrieben wurde, bleibt lesbar, bis du ihn schließt.',
    removedTitle: 'Du wurdest aus diesem Chat entfernt',
    removedText:
      'Was bis dahin geschrieben wurde, bleibt lesbar, bis du ihn schließt. Um zurückzukommen, bitte ein Mitglied, dich hinzuzufügen.',
    problemTitle: 'Dieser Chat lässt sich nicht anzeigen',
    notMemberTitle: 'Du bist nicht in diesem Chat',
    notMemberText: 'Nur seine Mitglieder können ihn lesen. Bitte eines von ihnen, dich hinzuzufügen.',
    unknownTitle: 'Diesen Chat gibt es nicht',
    unknownText: 'Vielleicht wurde er gelöscht, oder die Adresse enthält einen Tippfehler.',
    unreachableTitle: 'Der Server antwortet nicht',
    unreachableText: 'Der Chat wird geladen, sobald die Verbindung wieder da ist. Der Knopf versucht es sofort.',
    backToChats: 'Zurück zu den Chats',
    joinToRead: 'Tritt bei, um mitzulesen und zu schreiben.',
    slowTitle: 'Wird noch geladen',
  },

  // Mitglieder eines Chats
  members: {
    title: 'Mitglieder',
    details: 'Details',
    about: (name) => `Über ${name}`,
    open: 'Details zeigen',
    close: 'Details ausblenden',
    list: 'Mitglieder',
    count: (count) => plural(count, { one: '# Mitglied', other: '# Mitglieder' }),
    kinds: { direct: 'Direkter Chat', group: 'Gruppe', channel: 'Kanal' },
    roles: { owner: 'Besitz', admin: 'Verwaltung', member: 'Mitglied' },
    actionsFor: (name) => `Aktionen für ${name}`,
    message: 'Nachricht schreiben',
    makeOwner: 'Besitzrechte geben',
    makeAdmin: 'Verwaltungsrechte geben',
    makeMember: 'Rechte entziehen',
    remove: 'Aus dem Chat entfernen',
    removeTitle: (name) => `${name} entfernen?`,
    removeText: (name) => `${name} kann hier nicht mehr lesen und schreiben. Was schon geschrieben ist, bleibt.`,
    removed: (name) => `${name} wurde entfernt`,
    add: 'Personen hinzufügen',
    addTitle: (chat) => `Personen zu ${chat} hinzufügen`,
    adding: (count) => plural(count, { one: '# Person hinzufügen', other: '# Personen hinzufügen' }),
    added: (count) => plural(count, { one: '# Person wurde hinzugefügt', other: '# Personen wurden hinzugefügt' }),
    rename: 'Umbenennen',
    renameTitle: 'Chat umbenennen',
    name: 'Name',
    leave: 'Verlassen',
    leaveTitle: (chat) => `${chat} verlassen?`,
    leaveGroupText:
      'Du bekommst keine Nachrichten mehr daraus. Zurück kommst du nur, wenn ein Mitglied dich hinzufügt.',
    leaveChannelText: 'Du bekommst keine Nachrichten mehr daraus. Du kannst jederzeit wieder beitreten.',
    roleChanged: (name, role) => `${name} ist jetzt: ${role}`,
    failed: 'Die Mitglieder konnten nicht geladen werden.',
  },

  // Einen Chat anlegen, einen Kanal finden
  newChat: {
    title: 'Neuer Chat',
    kind: 'Art des Chats',
    kinds: { direct: 'Direkt', group: 'Gruppe', channel: 'Kanal' },
    texts: {
      direct: 'Zwischen dir und einer anderen Person.',
      group: 'Für die Personen, die du auswählst.',
      channel: 'Alle auf diesem Server können ihn finden und beitreten.',
    },
    person: 'Person',
    people: 'Personen',
    peopleHint: 'Gib einen Namen ein.',
    peopleOptional: 'Gleich hinzufügen (freiwillig)',
    nobody: (typed) => `Niemand heißt „${typed}“.`,
    removePerson: (name) => `${name} entfernen`,
    groupName: 'Name (freiwillig)',
    groupNameHint: 'Ohne Namen heißt die Gruppe nach ihren Mitgliedern.',
    channelName: 'Name',
    channelNameHint: 'Zum Beispiel: Allgemein',
    nameMissing: 'Ein Kanal braucht einen Namen.',
    peopleMissing: 'Wähl mindestens eine Person aus.',
    newcomersSee: 'Wer später dazukommt, sieht auch frühere Nachrichten',
    create: { direct: 'Chat beginnen', group: 'Gruppe anlegen', channel: 'Kanal anlegen' },
    browse: 'Kanäle durchsehen',
    browseTitle: 'Kanäle',
    browseSearch: 'Kanäle suchen',
    join: 'Beitreten',
    joinNamed: (title) => `${title} beitreten`,
    open: 'Öffnen',
    noChannelsTitle: 'Noch keine Kanäle',
    noChannelsText: 'Ein Kanal steht allen auf diesem Server offen. Leg den ersten an.',
    channelsFailed: 'Die Kanäle konnten nicht geladen werden.',
    members: (count) => plural(count, { one: '# Mitglied', other: '# Mitglieder' }),
  },

  // Eine Unterhaltung: Zeilen, Eingabe, Haken, Tippen
  conversation: {
    newMessages: 'Neue Nachrichten',
  },

  // Leiste und Fenster der Verbindung
  connection: {
    connecting: 'Verbinden …',
    connected: 'Verbunden',
    reconnecting: (seconds) => `Neuer Versuch in ${seconds} s`,
    reconnectingNow: 'Neu verbinden …',
    offline: 'Offline',
    offlineWaiting: (count) =>
      plural(count, { one: 'Offline · # Nachricht wartet', other: 'Offline · # Nachrichten warten' }),
    refused: (reason) => `Abgelehnt: ${reason}`,
    tryNow: 'Jetzt versuchen',
    signIn: 'Neu anmelden',
    show: 'Verbindung',
    title: 'Verbindung',
    status: 'Status',
    statuses: {
      connecting: 'Verbindet sich',
      connected: 'Verbunden',
      reconnecting: 'Wartet auf neuen Versuch',
      offline: 'Offline',
      refused: 'Abgelehnt',
    },
    why: 'Grund',
    advice: 'Was zu tun ist',
    id: 'Verbindung',
    node: 'Serverknoten',
    latency: 'Laufzeit',
    milliseconds: (ms) => `${ms} ms`,
    epoch: 'Epoche des Speichers',
    lastSeq: 'Letzte Nummer im offenen Chat',
    since: 'Seit',
    waiting: 'Wartende Nachrichten',
    none: 'keine',
    unknown: 'nicht bekannt',
    missingTitle: 'Was auf dieser Verbindung fehlt',
    missingText:
      'Diese Seite kam über unverschlüsseltes http. Browser schalten dann das Folgende ab; alles andere geht. Über https hast du alles.',
    missing: {
      notifications: 'Benachrichtigungen auf dem Schreibtisch',
      offline_start: 'Start ohne Netz',
      install: 'Installieren als App',
      clipboard: 'Kopieren mit einem Klick',
      kept_messages: 'Nachrichten auf diesem Gerät behalten',
    },
    log: 'Letzte Änderungen',
    logEmpty: 'Noch hat sich nichts geändert.',
    logTime: 'Zeit',
    logFrom: 'Von',
    logTo: 'Nach',
    logWhy: 'Grund',
    copy: 'Als Text kopieren',
    copied: 'In die Zwischenablage kopiert',
    copyFailed: 'Der Browser erlaubt das Kopieren nicht. Der Text ist markiert: drück Strg+C.',
    asText: 'Bericht als Text',
    detailedLog: 'Einzelheiten in die Browserkonsole schreiben',
    detailedLogHint: 'Für die Fehlersuche. Enthält nie Nachrichten oder Token.',
    slowTitle: 'Das dauert länger als sonst',
    slowText:
      'Der Server hat seit 15 Sekunden nicht geantwortet. Vielleicht startet er gerade, oder etwas dazwischen hält ihn auf.',
  },

  // Benachrichtigungen auf dem Schreibtisch
  notifying: {
    newMessage: 'Neue Nachricht',
    newMessages: (count) => plural(count, { one: '# neue Nachricht', other: '# neue Nachrichten' }),
  },

  // Übersicht der Tastenkürzel
  shortcuts: {
    title: 'Tastenkürzel',
    or: 'oder',
    groups: { go: 'Gehe zu', read: 'Lesen', write: 'Schreiben', page: 'Diese Seite' },
    switcher: 'Zu einem Chat wechseln',
    previousChat: 'Voriger Chat',
    nextChat: 'Nächster Chat',
    previousUnread: 'Voriger ungelesener Chat',
    nextUnread: 'Nächster ungelesener Chat',
    search: 'Chats und Personen suchen',
    markRead: 'Chat als gelesen markieren',
    markAllRead: 'Alle Chats als gelesen markieren',
    unreadFromHere: 'Ab dieser Nachricht als ungelesen markieren',
    send: 'Nachricht senden',
    newLine: 'Neue Zeile',
    editLast: 'Letzte eigene Nachricht ändern (bei leerem Eingabefeld)',
    replyLast: 'Auf die letzte Nachricht antworten',
    leaveReply: 'Antworten oder Ändern abbrechen',
    nextRegion: 'Nächster Bereich der Seite',
    previousRegion: 'Voriger Bereich der Seite',
    sheet: 'Diese Übersicht zeigen',
    singleKeys: 'Kürzel aus einer einzelnen Taste',
    singleKeysHint: 'Tasten wie / und ?, außerhalb von Textfeldern.',
  },

  // Mit wenigen Buchstaben zu einem Chat
  switcher: {
    title: 'Zu einem Chat wechseln',
    placeholder: 'Wohin?',
    none: 'Nichts heißt so.',
    results: (count) => plural(count, { one: '# Treffer', other: '# Treffer' }),
    channel: 'Kanal beitreten',
    person: 'Neuer direkter Chat',
  },

  // Die Teile der Nachrichtenseite
  shell: {
    skip: 'Zur Unterhaltung springen',
    navigation: 'Chats',
    conversation: 'Unterhaltung',
    details: 'Details',
    listWidth: 'Breite der Chatliste',
    settings: 'Einstellungen',
    logOutTitle: 'Abmelden?',
    logOutText: (waiting) =>
      waiting === 0
        ? 'Was auf diesem Gerät gespeichert ist, wird gelöscht. Deine Nachrichten bleiben auf dem Server.'
        : plural(waiting, {
            one: '# Nachricht ist noch nicht gesendet und geht verloren.',
            other: '# Nachrichten sind noch nicht gesendet und gehen verloren.',
          }),
    loadFailed: 'Dieser Teil der Seite konnte nicht geladen werden. Prüf deine Verbindung und versuch es noch einmal.',
    allRead: 'Alle Chats sind als gelesen markiert',
  },

  // Installieren, Aktualisieren, Start ohne Netz
  app: {
    update: 'Eine neue Version ist bereit.',
    updateNow: 'Jetzt verwenden',
  },
};
