# Die Vereinbarung des Kreises: sie beginnen, lesen, ändern, ihr zustimmen; und das Willkommen für die, die dazukommen.

proposal-1 = Was hier gesagt wird, bleibt hier.
proposal-2 = Wir hören zu, bevor wir raten.
proposal-3 = Jede und jeder darf schweigen.
proposal-4 = Keine Lösungen, wenn niemand darum bittet.
proposal-5 = Wir rechnen nicht auf.
proposal-6 = Wenn jemand in Gefahr sein könnte, suchen wir gemeinsam Hilfe, auch außerhalb des Kreises.

agreement-title = Unsere Vereinbarung
agreement-words = Ein paar schlichte Sätze, auf die dieser Kreis sich einigt. Alle im Kreis können sie ändern, und niemand wird ausgeschlossen, weil die Zustimmung fehlt.
agreement-none = Dieser Kreis hat noch keine Vereinbarung. Alle im Kreis können eine beginnen.
agreement-begin = Eine beginnen
agreement-begin-words = Behalte die Sätze, die passen, und schreibe eigene darunter. Alles lässt sich später ändern.
agreement-keep = Diese behalten
agreement-own = In deinen eigenen Worten
agreement-own-hint = Ein Satz auf jeder Zeile liest sich leicht.
agreement-begin-do = Darauf einigen wir uns
agreement-text = Was darin steht
agreement-edit = Ändern
agreement-edit-words = Die anderen sehen, was du geändert hast, wenn ihre Computer deinem begegnen, und werden gefragt, ob sie zustimmen. Was sie inzwischen ändern, bleibt neben deinem erhalten.
agreement-edit-do = Speichern
agreement-edit-keep = Lassen, wie sie ist
agreement-begun-me = Du hast sie { $when } begonnen.
agreement-begun = { $name } hat sie { $when } begonnen.
agreement-changed-me = Du hast sie zuletzt geändert, { $when }.
agreement-changed = { $name } hat sie zuletzt geändert, { $when }.
agreement-agreed = { $who ->
    [you] Du stimmst ihr zu, so wie sie jetzt ist.
    [one] { $names } stimmt ihr zu, so wie sie jetzt ist.
   *[more] { $names } stimmen ihr zu, so wie sie jetzt ist.
}
agreement-before = { $who ->
    [you] Du hast früheren Worten zugestimmt.
    [one] { $names } hat früheren Worten zugestimmt.
   *[more] { $names } haben früheren Worten zugestimmt.
}
agreement-not-yet = { $who ->
    [you] Du hast noch nicht geantwortet, und das ist in Ordnung.
    [one] { $names } hat noch nicht geantwortet.
   *[more] { $names } haben noch nicht geantwortet.
}
agreement-agree = Ich stimme zu
agreement-agree-words = Wenn etwas darin nicht passt, ändere es, oder sprecht erst darüber. Es eilt nicht.
agreement-saved = Gespeichert. Die anderen sehen es, wenn ihre Computer deinem begegnen.
agreement-thanks = Vermerkt. Die anderen sehen, dass du zustimmst.
agreement-asked = Dein Kreis hat eine Vereinbarung. Lies sie, wenn du einen Moment hast.
agreement-asked-again = Die Vereinbarung hat sich geändert. Lies sie, wenn du einen Moment hast.
agreement-read = Lesen
agreement-beside = Andere Worte, die hier begonnen wurden
agreement-beside-words = Jemand hat sie getrennt davon begonnen, oder früher. Jetzt gelten sie für niemanden; was passt, lässt sich durch Ändern der Vereinbarung übernehmen.
agreement-you-and = Du und { $names }

welcome-title = Willkommen
welcome-who = Mit dir hier: { $names }.
welcome-how = Geschichten sind, was Menschen hier einander erzählen, und sonst niemandem. Lies, wie es dir passt. Niemand erfährt, was du liest.
welcome-free = Du musst nichts teilen.
problem-no-agreement = Dieser Kreis hat noch keine Vereinbarung, darum gibt es nichts, dem du zustimmen könntest.
    .next = Alle im Kreis können eine beginnen.
live-agreement = Die Vereinbarung wurde geändert. Zeigen
live-answer = Jemand hat geantwortet. Zeigen
