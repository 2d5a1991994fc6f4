# Jemand klopft an, und ein Mitglied sagt: jetzt nicht. Und ein Computer zu viel klopft an.

aside-words = „Jetzt nicht“ stellt { $name } auf diesem Computer zurück, höchstens für eine Woche. Niemand erfährt davon, auch { $name } nicht, und ein anderes Mitglied kann trotzdem willkommen sagen.
aside-title = Auf diesem Computer zurückgestellt

ended-many-devices = Du hast acht Computer in diesem Kreis, so viele, wie eine Person haben kann. Nimm auf einem anderen deiner Computer einen heraus, und versuche es hier noch einmal. Wenn du keinen mehr davon hast, können die Mitglieder dich entfernen und neu einladen.
