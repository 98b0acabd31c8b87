/**
 * Text to calibrate on where nobody brings their own: conversations, prose, code, data and several languages, written for
 * this purpose. None of it is in the evaluation text of `@pippin/verify`.
 */
export const CALIBRATION_TEXT: readonly string[] = [
  `User: My bread comes out dense every time. What am I doing wrong?
Assistant: Dense bread usually means that the dough did not rise enough, or that it rose too long and fell again. Check three
things. First, the yeast: stir a spoonful into warm water with a little sugar; if it does not foam after ten minutes, it is
too old. Second, the flour: measure it by weight, since a packed cup can hold a third more than a loose one. Third, the
time: press a finger into the dough. If the dent springs back at once, wait; if it stays, bake now.
User: I knead by hand for about two minutes.
Assistant: That is too short for most wheat doughs. Aim for eight to ten minutes, or let time do the work: mix, rest for half
an hour, fold the dough over itself four times, and repeat that twice.
User: Thanks! And the oven?
Assistant: As hot as it goes for the first ten minutes, with a tray of water below; then 200 °C until the bottom sounds hollow.`,
  `The river had been rising since Thursday. By Saturday noon it stood at the second step of the mill, and the miller's son, who
was nine and had never seen so much water in one place, carried the cat up to the loft and sat beside her with a lantern.
"It always goes down again," his grandmother said from the foot of the ladder. She had said the same in the year of the great
flood, when the bridge went, and she had been right then as well, although it had taken eleven days. He counted the sacks
that his father dragged to the upper floor: forty-one, forty-two. Outside, a door floated past, and then a chair, upright, as
if somebody invisible were sitting on it and looking at the fields.`,
  `import json
from collections import defaultdict

class Inventory:
    """Counts items by name and remembers the lowest price seen."""

    def __init__(self):
        self.counts = defaultdict(int)
        self.prices = {}

    def add(self, name, quantity=1, price=None):
        if quantity < 1:
            raise ValueError(f"quantity must be positive, got {quantity}")
        self.counts[name] += quantity
        if price is not None:
            self.prices[name] = min(price, self.prices.get(name, price))

    def total(self):
        return sum(self.counts[name] * price for name, price in self.prices.items())

    def to_json(self):
        return json.dumps({"counts": dict(self.counts), "prices": self.prices}, sort_keys=True)

if __name__ == "__main__":
    shop = Inventory()
    shop.add("apple", 3, price=0.4)
    shop.add("pear", price=0.55)
    print(shop.to_json(), round(shop.total(), 2))`,
  `Photosynthesis turns light into chemical energy. In the first stage, pigments in the membranes of the chloroplast absorb photons
and pass electrons along a chain of proteins; water is split, oxygen is released, and a gradient of protons drives the
synthesis of ATP. In the second stage, which needs no light, carbon dioxide is bound to a sugar with five carbon atoms and
reduced in several steps. Six turns of this cycle yield one molecule of glucose: 6 CO2 + 6 H2O -> C6H12O6 + 6 O2. Plants in hot
and dry places lose much water when they open their pores, so some of them collect carbon dioxide at night and store it as
an acid until morning.`,
  `Die kleine Werkstatt liegt hinter dem Bahnhof, zwischen einer Bäckerei und einem Laden für gebrauchte Bücher. Wer sein Fahrrad
morgens bringt, kann es meistens am Abend wieder abholen, es sei denn, es fehlt ein Teil, das bestellt werden muss. Frau Keller
schreibt jede Reparatur mit Bleistift in ein Heft: Datum, Name, was kaputt war, was es gekostet hat. »Der Computer vergisst
nichts«, sagt sie, »aber im Heft finde ich es schneller.« Im Winter repariert sie auch Schlitten, und einmal sogar eine Geige.`,
  `Le marché du samedi commence à six heures. Les premiers arrivés choisissent leur place près de la fontaine, où l'ombre dure jusqu'à
midi. On y vend des tomates, du fromage de chèvre, des œufs, du miel et, en automne, des champignons que personne ne veut dire
où il a trouvés. Une dame achète toujours trois poires, jamais plus : une pour le chemin, une pour le soir, une pour demain.
Quand il pleut, les parapluies se touchent et l'on avance lentement, en s'excusant à chaque pas.`,
  `Para preparar el arroz con verduras hacen falta dos tazas de arroz, una cebolla, dos zanahorias, un pimiento rojo y cuatro tazas de
caldo. Primero se pica la cebolla y se fríe a fuego lento hasta que esté transparente. Después se añaden las zanahorias y el
pimiento, se remueve cinco minutos y se agrega el arroz. Cuando los granos brillan, se vierte el caldo caliente con una pizca de
sal. Se tapa la olla y se deja dieciocho minutos sin tocarla. ¿El secreto? No levantar la tapa antes de tiempo.`,
  `interface Point {
  readonly x: number;
  readonly y: number;
}

/** The area of a simple polygon by the shoelace formula; positive when its corners run counterclockwise. */
export function area(corners: readonly Point[]): number {
  let twice = 0;
  for (let i = 0; i < corners.length; i++) {
    const a = corners[i]!;
    const b = corners[(i + 1) % corners.length]!;
    twice += a.x * b.y - b.x * a.y;
  }
  return twice / 2;
}

test("a square of side 2 has area 4", () => {
  const square = [{ x: 0, y: 0 }, { x: 2, y: 0 }, { x: 2, y: 2 }, { x: 0, y: 2 }];
  expect(area(square)).toBe(4);
});`,
  `Question: A train leaves at 9:40 and arrives at 13:05. It stops for 12 minutes in between. How long does it move?
Answer: From 9:40 to 13:05 are 3 hours and 25 minutes, which is 205 minutes. Without the stop it moves 205 - 12 = 193 minutes, or
3 hours and 13 minutes.
Question: If 5 machines make 5 parts in 5 minutes, how long do 100 machines need for 100 parts?
Answer: Each machine makes one part in 5 minutes, so 100 machines make 100 parts in the same 5 minutes.
Question: What is 15% of 260?
Answer: 10% of 260 is 26, and 5% is half of that, 13. Together 15% is 39.`,
  `# Release notes

## 2.4.0
- **Added** \`--watch\`: runs the tests again when a file changes.
- **Fixed** a crash when the configuration file is empty (#318).
- **Changed** the default port from 3000 to 8080. Set \`PORT=3000\` to keep the old one.

| command | meaning | since |
|---|---|---|
| \`build\` | compiles everything | 1.0 |
| \`serve\` | starts a local server | 1.2 |
| \`clean\` | removes what was built | 2.0 |

\`\`\`sh
npm install --save-dev example-tool@2.4.0
npx example-tool build --out dist && ls -lh dist
\`\`\``,
  `{"id": 1042, "customer": {"name": "Amara Osei", "city": "Kumasi", "since": "2019-03-11"}, "items": [{"sku": "B-77", "title":
"Desk lamp", "quantity": 2, "price": 18.5}, {"sku": "C-03", "title": "Notebook, ruled", "quantity": 10, "price": 1.2}], "paid":
true, "shipping": null, "notes": ["call before delivery", "leave at the gate"]}
SELECT c.city, COUNT(*) AS orders, SUM(i.quantity * i.price) AS revenue FROM orders o JOIN customers c ON c.id = o.customer_id
JOIN items i ON i.order_id = o.id WHERE o.created_at >= '2024-01-01' GROUP BY c.city HAVING COUNT(*) > 5 ORDER BY revenue DESC;`,
  `Dear Ms. Lindqvist,

thank you for your application for the position of research assistant. We were impressed by your work on sea ice and would like to
invite you to an interview on Tuesday, 14 May, at 10:30 in room 204. It will take about forty-five minutes; please bring a short
presentation (no more than five slides) about a project of your choice. Travel expenses within the country are refunded. If the
date does not suit you, let us know by the end of this week and we will find another.

Kind regards,
Daniel Moreau, Institute of Polar Research`,
  `吾輩が住む町には古い時計台がある。毎朝七時に鐘が鳴り、パン屋の煙突から煙が上がる。春になると川沿いの桜が咲き、子供たちは学校の帰りに橋の上で
立ち止まる。昨日は雨だったが、今日は空がとても青い。 图书馆在山脚下，里面有三万本书。老人每天下午来看报纸，学生们准备考试。冬天的时候，窗户上
结了冰，大家都坐在暖气旁边，谁也不想回家。 В маленьком доме у озера горит свет. Рыбак чинит сеть, а его дочь читает вслух письмо
от брата, который служит далеко на севере. За окном тихо падает снег.`,
  `The committee met three times before it agreed on a date. Some members wanted to postpone the election until the new register was
complete; others feared that any delay would look like a trick. In the end they chose the second Sunday of October, printed the
ballots in two languages, and asked neighboring districts to send observers. Turnout was 71.4 percent, higher than in any vote
since 1988. The result was close, and both candidates asked for a recount, which changed the total by nineteen votes and the
outcome not at all. What people remember, though, is the queue in the rain and the choir that sang for it.`,
  `<|im_start|>system
You are a helpful assistant who answers in short sentences.<|im_end|>
<|im_start|>user
Can you explain what a hash table is?<|im_end|>
<|im_start|>assistant
A hash table stores values under keys. A function turns each key into a number, and the number says where the value lies. Looking
one up takes about the same time however many there are. When two keys get the same number, both are kept in a short list.<|im_end|>
<|im_start|>user
When would you not use one?<|im_end|>
<|im_start|>assistant
When you need the keys in order, or all keys between two others. A balanced tree or a sorted array is better then.<|im_end|>`,
  `How do I get from the station to the museum? Walk out of the main entrance, turn left, and follow the tram line for two stops, or take
number 7. You will see a tall brick chimney; the museum is in the building below it. Tickets cost twelve euros, six for students, and
nothing on the first Thursday of each month. Photographs are allowed without flash. Is there a place to eat? Yes: a café on the top
floor with a view over the harbor, open until half past five. The soup is good. The cake is better.`,
];
