# Die Seite selbst: was um jeden Bildschirm steht, der erste Anfang, und wo man beginnt.

language-name = Deutsch
language-direction = ltr
language-label = Sprache

circlet = Circlet
skip-to-content = Zum Inhalt
circle-unnamed = Ein Kreis, der noch kommt
nav-label = Dieser Kreis
nav-stories = Geschichten
nav-share = Teilen
nav-members = Mitglieder
nav-invite = Einladen
nav-circles = Kreise
not-now = Jetzt nicht
back-to-stories = Zurück zu den Geschichten

leave-quickly = Schnell weg
leave-hint = „Schnell weg“ sperrt Circlet und schließt diese Seite. Dreimal Escape drücken tut dasselbe.
leave-once = Noch zweimal Escape, um zu gehen.
leave-twice = Noch einmal Escape, um zu gehen.
closed-title = Diese Seite ist geschlossen
closed-twice = Dieser Link wurde schon benutzt, darum ist auch geschlossen, was er geöffnet hatte. Wenn du das nicht warst, benutzt vielleicht noch jemand diesen Computer: Sperre den Bildschirm, wenn du gehst. Öffne Circlet neu, dann gibt es einen neuen Link.

list-more = { $before }, { $name }
list-last = { $before } und { $name }

day-today = heute
day-yesterday = gestern
day-date = { $day }. { $month } { $year }
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember

step-one = Schritt 1 von 3
step-two = Schritt 2 von 3
step-three = Schritt 3 von 3
setup-name-title = Willkommen
setup-name-words = Circlet bewahrt die Geschichten einer kleinen Gruppe auf den Computern ihrer Mitglieder auf. Keine Firma steht dazwischen.
setup-name-label = Wie sollen die anderen dich nennen?
setup-name-hint = Ein Vorname, oder ein Name, der dir gefällt.
setup-on = Weiter
setup-back = Zurück zu deinem Namen
setup-key-title = Es bleibt bei dir
setup-key-words = Geschichten liegen verschlossen auf diesem Computer. Wähle, was sie öffnet.
setup-key-legend = Was öffnet Circlet hier?
setup-passphrase = Jedes Mal ein Passwort
setup-passphrase-hint = Am besten, wenn andere diesen Computer benutzen oder er wegkommen könnte. Gut sind vier oder fünf Wörter, die nur du zusammenstellen würdest.
setup-passphrase-label = Dein Passwort
setup-passphrase-again = Dasselbe noch einmal
setup-here = Dieser Computer allein
setup-here-hint = Öffnet sich für alle, die auf diesem Computer als du angemeldet sind. Ein Passwort kannst du später setzen.

words-title = Deine 24 Wörter
words-what = Diese 24 Wörter sind du. Mit ihnen und einem Mitglied eines Kreises kommst du zurück, wenn dieser Computer verloren geht, und sie öffnen Circlet, wenn du das Passwort vergisst.
words-keep = Schreibe sie in dieser Reihenfolge auf Papier und bewahre es auf, wo nur du nachsiehst. Wer sie hat, kann du sein.
words-show = Niemand sieht mir über die Schulter: zeigen
words-split = Gib Teile davon Menschen, denen du vertraust
words-split-what = Genug Teile zusammen sind wieder deine Wörter; einer allein sagt nichts. So können dich mehrere gemeinsam zurückholen, und niemand von ihnen allein. Circlet behält keinen Teil und sagt niemandem, wer einen hat.
words-split-into = Wie viele Teile
words-way = { $parts } Teile, davon genügen { $needed }
words-split-show = Niemand sieht mir über die Schulter: machen
words-part = Teil { $number } von { $parts }: { $needed } genügen
words-split-then = Schreibe jeden auf ein eigenes Papier, gib es jemandem und sage, wofür es ist. Wähle Menschen, die nicht an deiner Stelle kommen würden, und nicht alle aus einem Kreis. Überall, wo nach den Wörtern gefragt wird, tun es auch genug der Teile. Teile, die du später machst, beenden diese nicht.
words-check = Hast du sie richtig aufgeschrieben?
words-written = Was auf deinem Papier steht
words-compare = Vergleichen
words-right = Alle 24 stimmen, auch die Reihenfolge.
words-done = Fertig

unlock-title = Circlet ist gesperrt
unlock-words = Was geteilt wurde, liegt verschlossen auf diesem Computer und begegnet niemandem, bis du es öffnest.
unlock-none = Es hat kein Passwort, darum öffnet es dieser Computer allein.
unlock-do = Öffnen

begin-title = Wo möchtest du beginnen?
begin-words = Ein Kreis, das sind ein paar Menschen, die einander Geschichten erzählen, und sonst niemandem.
begin-join = Ich habe eine Einladung
begin-new = Einen Kreis beginnen
home-title = Deine Kreise
