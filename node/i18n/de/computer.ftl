# Dieser Computer, und was er mit einem Kreis zu tun hat: sperren, sichern, weitere Computer, was vereinbart
# ist, wie es dem Kreis geht.

computer-title = Dieser Computer
lock-title = Circlet sperren
lock-words = Dann öffnet es nur noch dein Passwort, oder deine 24 Wörter, und bis dahin begegnet es niemandem. Was geteilt wurde, ist sicher.
lock-words-none = Dann zeigt es nichts und begegnet niemandem. Weil es kein Passwort gibt, kann es jeder wieder öffnen, der dieses Konto benutzt.
lock-do = Jetzt sperren
silence-title = Von selbst sperren
silence-label = Wenn niemand es benutzt hat, nach
silence-hint = Auch die Zeit zählt, in der der Computer schläft. Dann schließt sich jede offene Seite von Circlet.
silence-never = Nie: nur wenn ich es sage
silence-5 = 5 Minuten
silence-15 = 15 Minuten
silence-60 = einer Stunde
silence-240 = 4 Stunden
silence-1440 = einem Tag
silence-other = { $minutes ->
    [one] einer Minute
   *[other] { $minutes } Minuten
}
silence-do = So halten
told-silence = So bleibt es, auch wenn dieser Computer neu startet.

passphrase-section = Dein Passwort
passphrase-has = Hier öffnet Circlet sich mit deinem Passwort, oder mit deinen 24 Wörtern.
passphrase-has-none = Es gibt kein Passwort: Wer dieses Konto benutzen kann oder an diese Platte kommt, kann hier alles lesen.
passphrase-title = Dein Passwort ändern
passphrase-title-set = Ein Passwort setzen
passphrase-words = Von da an öffnet das neue Passwort Circlet hier, und deine 24 Wörter auch. Eine alte Kopie der Dateien öffnet sich weiter mit dem alten.
passphrase-words-set = Von da an öffnet Circlet sich hier mit deinem Passwort, oder mit deinen 24 Wörtern. Eine alte Kopie der Dateien öffnet sich weiter ohne.
passphrase-now = Das Passwort, das du hast
passphrase-new = Das neue
passphrase-new-hint = Gut sind vier oder fünf Wörter, die nur du zusammenstellen würdest. Niemand kann dir ein anderes schicken; sieh also nach, ob du deine 24 Wörter hast.
passphrase-again = Das neue noch einmal
unlock-hint = Vergessen? Alle deine 24 Wörter hintereinander öffnen es auch.
passphrase-change = Ändern
passphrase-set = Setzen
passphrase-none = Ohne Passwort weitermachen
passphrase-none-words = Wer dieses Konto benutzen kann oder an diese Platte kommt, kann dann hier alles lesen.
passphrase-none-sure = Das möchte ich tun
told-passphrase-set = Von jetzt an öffnet Circlet sich hier mit deinem Passwort, oder mit deinen 24 Wörtern.
told-passphrase-changed = Dein Passwort ist geändert.
told-passphrase-none = Es gibt kein Passwort mehr.

keep-title = Um eines Tages zurückzukommen
backup-title = Eine Sicherung
backup-words = Alles, was du brauchst, um zurückzukommen, kommt in eine verschlossene Datei auf diesem Computer. Bewahre eine Kopie davon auf einem anderen Datenträger auf, und mache ab und zu eine neue.
backup-opens-both = Dein Passwort öffnet sie, und deine 24 Wörter auch.
backup-opens-words = Nur deine 24 Wörter öffnen sie, weil es hier kein Passwort gibt.
backup-last = Deine letzte Sicherung ist vom { $day }.
backup-none = Es gibt noch keine Sicherung.
backup-path = Wohin damit
backup-path-hint = Vollständig, etwa der Ordner eines Speichersticks und ein Name. Eine Datei, die schon da ist, bleibt, wie sie ist.
backup-do = Die Sicherung machen
backup-made = Die Sicherung ist da
backup-holds = Darin: { $circles }.
backup-holds-you = Du bist noch in keinem Kreis, darum enthält sie nur dich.
backup-left-out = Nicht darin: { $circles }. Das ist hier nicht zu lesen, oder du bist noch nicht dabei.
backup-elsewhere = Kopiere sie auf einen anderen Datenträger. Geht dieser Computer verloren, ist auch verloren, was nur hier ist.
backup-check-title = In eine Sicherung sehen
backup-check-words = Circlet öffnet sie wirklich, mit deinen 24 Wörtern, und liest sie bis zum Ende. Nichts wird geändert.
backup-which = Wo sie ist
backup-check-do = Prüfen
backup-whole = Die Sicherung ist ganz
backup-is-of = Gemacht { $day }, von { $name }.
backup-circle = { $circle }: mit { $members }.
backup-back-title = Aus einer Sicherung zurück
backup-back-words = Auf einem Computer, auf dem Circlet noch nicht eingerichtet ist: Öffne ein Terminal und gib ihm diesen Befehl, mit dem Ort der Sicherung. Er fragt nach dem, was die Sicherung öffnet, und der Computer wird ein neuer von dir. Was seitdem zurückgenommen wurde, erfährt er, bevor etwas zu sehen ist.
backup-back-command = circlet restore FILE
copy-title = Deine eigenen Worte zum Mitnehmen
copy-words = Circlet schreibt deine eigenen Geschichten und Antworten in einen Ordner, lesbar auch ohne Circlet.
copy-open = Diese Dateien sind nicht verschlossen: Wer den Ordner findet, kann sie lesen, und was du zurücknimmst, bleibt dort stehen.
copy-path = In welchen Ordner
copy-path-hint = Ein neuer oder ein leerer, vollständig genannt.
copy-do = Schreiben
copy-done = Deine eigenen Worte sind da.

settings-title = Was in diesem Kreis gilt
settings-words = Es gilt für alle, für das, was von jetzt an geteilt wird.
settings-fade = Wie lange bleiben Geschichten?
settings-fade-hint = Wer eine Geschichte teilt, kann es trotzdem anders sagen.
fade-never = Bis sie zurückgenommen werden
fade-1 = Einen Tag
fade-7 = Eine Woche
fade-30 = Einen Monat
fade-90 = Drei Monate
fade-365 = Ein Jahr
fade-other = { $days ->
    [one] Einen Tag
   *[other] { $days } Tage
}
settings-tells = Was steht dort, wo eine Geschichte zurückgenommen wurde?
settings-silent = Nichts
settings-say = Eine stille Zeile, die sagt, wer es war
settings-do = So soll es gelten
settled-told = So gilt es, für das, was von jetzt an geteilt wird.
settled-stays = Geschichten bleiben, bis sie zurückgenommen werden.
settled-fades = { $days ->
    [one] Geschichten verblassen nach einem Tag, wenn nichts anderes dazu gesagt wird.
   *[other] Geschichten verblassen nach { $days } Tagen, wenn nichts anderes dazu gesagt wird.
}
settled-say = Wo eine Geschichte zurückgenommen wurde, sagt eine stille Zeile, wer es war.
settled-silent = Wo eine Geschichte zurückgenommen wurde, steht nichts.
settings-keepers = Wer den Kreis hütet, kann das ändern. Die Seite der Mitglieder zeigt, wer das ist.

computers-title = Deine Computer
computers-words = Du kannst mit mehreren Computern in diesem Kreis sein. Alle sind du.
computers-back = Alle deine Computer
computer-here = Dieser Computer
computer-other = Ein anderer Computer von dir
computer-since = Im Kreis seit { $day }.
computer-out = Herausgenommen. Was seitdem geteilt wurde, öffnet sich dort nicht.
computer-add = Einen weiteren Computer dazunehmen
computer-remove = Aus dem Kreis nehmen
computer-remove-words = Was von da an geteilt wird, öffnet sich dort nicht, und das lässt sich nicht rückgängig machen. Was dort ist, bleibt dort. Wenn vielleicht jemand anderes ihn öffnen kann, genügt das nicht: Jeder deiner Computer hat deinen Schlüssel zu diesem Kreis. Verlasse dann den Kreis und komme mit einer Einladung neu dazu, mit einem Circlet, das du neu einrichtest.
computer-remove-do = Herausnehmen
told-fits = Die Wörter passen. Dein anderer Computer kommt jetzt von selbst dazu; lass Circlet hier offen, bis er da ist.
told-out = Dieser Computer ist heraus, sobald die anderen davon wissen.
computer-key-title = Ein Schlüssel für deinen anderen Computer
computer-key-words = Richte Circlet auf deinem anderen Computer ein, wähle dort „Ich habe einen Schlüssel von meinem anderen Computer“ und gib ihm diesen Schlüssel. Er ist für einen Computer und eine Stunde, und für niemanden als dich. Circlet zeigt ihn nicht noch einmal.
four-title = Dann vergleiche vier Wörter
four-waits = Ein anderer Computer wartet darauf, dazuzukommen.
four-label = Die vier Wörter, die der andere Computer zeigt
four-hint = Sie sorgen dafür, dass wirklich deiner dazukommt, und nicht der von jemandem, der den Schlüssel gesehen hat. Passen sie nicht, dann mach nicht weiter, sondern einen neuen Schlüssel.
four-do = Dazunehmen
link-open = Ich habe einen Schlüssel von meinem anderen Computer
link-title = Auch mit diesem Computer in einem Kreis sein
link-words = Öffne auf deinem anderen Computer den Kreis, dann Mitglieder, dann deine Computer, und nimm einen weiteren dazu. Er zeigt einen Schlüssel.
link-key = Der Schlüssel
link-key-hint = Füge ihn ganz ein. Ob groß oder klein geschrieben, ist gleich. Dann zeigt dieser Computer vier Wörter, und du tippst sie auf dem anderen ein.
link-do = Weiter

doing-title = Wie es dem Kreis geht
touch-in-step = Gerade verbunden, und auf dem gleichen Stand.
touch-catching-up = Gerade verbunden, und dabei, aufzuholen.
touch-last = Zuletzt verbunden { $day }. Was fehlt, kommt von selbst.
touch-none = Nicht getroffen, seit Circlet hier geöffnet wurde.
doing-private = Nur du siehst das. Es wird nicht aufbewahrt und beginnt neu, wenn Circlet geöffnet wird.
waits-title = Was noch hinausgeht
waits-nothing = Nichts: Was du auf diesem Computer geschrieben hast, ist auch auf dem eines anderen Mitglieds.
waits-some = Manches, was du geschrieben hast, ist vielleicht bisher nur auf diesem Computer. Es geht von selbst hinaus, sobald der Computer eines anderen Mitglieds erreichbar ist.
try-title = Was du versuchen kannst
try-online = Sieh nach, ob dieser Computer in einem Netz ist. Alles geht auch ohne; es geht dann später hinaus.
try-ask = Frage ein Mitglied, ob der Computer dort an und Circlet offen ist. Irgendeines genügt.
try-leave = Lass Circlet eine Weile laufen. Es sucht die anderen von selbst.
try-carry = Wenn ihr nie zur selben Zeit verbunden sein könnt, kann ein Mitglied die Neuigkeiten des Kreises auf einem Speicherstick bringen. Die Anleitung sagt, wie.
doctor-title = Dieser Computer
doctor-look = Sieh einmal nach:
doctor-private-fine = Nur du kannst in den Ordner von Circlet sehen.
doctor-private-look = Andere, die diesen Computer benutzen, können in den Ordner von Circlet sehen. Was dort liegt, ist verschlossen; trotzdem sollte der Ordner dir allein gehören.
doctor-space-fine = Auf der Platte ist Platz.
doctor-space-look = Die Platte ist fast voll. Nichts ist verloren; schaffe bald Platz, damit Circlet weitermachen kann.
doctor-clock-fine = Die Uhr scheint richtig zu gehen.
doctor-clock-look = Die Uhr scheint nachzugehen: Die Dateien von Circlet sind aus einer späteren Zeit. Bis sie gestellt ist, stehen Geschichten vielleicht beim falschen Tag.
doctor-set-aside-look = Was hier beschädigt war, liegt noch neben dem Übrigen, auch was seither zurückgenommen wurde. Wenn nichts mehr fehlt, kann es weg. Die Anleitung sagt, wie.
doctor-cut-off = Andere Computer können diesen nicht erreichen, bis der Teil von Circlet, der mit ihnen spricht, wieder läuft; das geschieht von selbst, in wenigen Minuten.
doctor-listening-nowhere = Andere Computer können diesen nicht erreichen, weil er nirgends auf sie hört. Er kann sie trotzdem erreichen. Ist er in einem Netz?
doctor-listening-fine = Andere Computer in der Nähe können diesen erreichen.
doctor-listening-some = Andere Computer können diesen erreichen, aber nicht überall, wo er hören sollte: Einen Anschluss benutzt ein anderes Programm.
reached-all = Sie hat alle erreicht, die sie lesen können: { $names }.
reached-some = Sie hat { $names } erreicht. Wer sie noch nicht hat, bekommt sie bei der nächsten Verbindung.
reached-unknown = Wer sie noch nicht hat, bekommt sie bei der nächsten Verbindung.
