/**
 * About 2,200 tokens, 34 windows of 64, of plain technical and everyday English, written for this package: what a model is measured on when
 * nobody names a text. Not to be used for calibration, or it measures nothing any more.
 */
export const EVALUATION_TEXT = `The lighthouse at the end of the harbor has not had a keeper for thirty years. A small computer now turns the lamp on at
dusk and off at dawn, and once a week a woman from the village walks out along the wall to wipe the salt from the glass.
She says that the machine is reliable, but that it does not notice when a window is broken. On clear evenings she stays
until the first boats come home, counts them from habit, and then goes back to make supper for her brother.

A bicycle stays upright for more than one reason. When it leans to the left, the front wheel steers slightly to the left as
well, and the path of the tires moves back under the rider. Spinning wheels help a little, and so does the shape of the
fork, but experiments have shown that neither of them is strictly needed. What matters is that a lean is followed by a turn
in the same direction, quickly enough and not too strongly.

To make a simple bread you need flour, water, salt and yeast. Mix five hundred grams of flour with three hundred and fifty
grams of warm water, add ten grams of salt and a small spoon of dry yeast, and stir until no dry flour is left. Cover the
bowl and wait for half an hour. Then fold the dough over itself four times, wait again, and repeat this twice. Let it rise
until it has doubled, shape it into a loaf, and bake it in a very hot oven for about forty minutes. The crust should be dark
brown, and the bottom should sound hollow when you knock on it. Let it cool before you cut it, even if that is difficult.

A hash table stores pairs of keys and values so that a value can be found without looking at all of them. A function turns
each key into a number, and that number chooses a bucket. If two keys end up in the same bucket, the table has to keep both,
either in a short list or in the next free place. As long as the table is not too full, finding a key takes about the same
time whether there are ten entries or ten million. When it fills up, a larger table is allocated and every entry is moved.
That single step is slow, but it happens so rarely that the average cost of an insertion remains small.

"I thought you had the tickets," said Marta. Her father put down both suitcases and began to search his coat. There was a
pencil in the first pocket, a folded newspaper in the second, and in the third a sandwich that he had forgotten to eat. The
train stood at the platform with its doors open. A conductor looked at the clock, then at them, and raised his eyebrows.
"Perhaps," her father said slowly, "they are in the book that I was reading at breakfast." The book was on the kitchen
table, eleven kilometers away. Marta laughed, because there was nothing else to do, and went to ask about the next train.

Rivers that cross flat land rarely run straight. Where the current is a little faster, it takes soil from the outer bank;
where it is slower, it drops what it carries on the inner one. Each bend therefore grows, and the bends wander down the
valley over the centuries. Sometimes two of them meet, the river takes the shorter way, and the old loop is left behind as a
curved lake. From the air you can read the history of a river in the pale lines that such loops have left in the fields.

The committee met on Tuesday to discuss the budget for the coming year. The treasurer reported that income from membership
fees had fallen by six percent, while the cost of heating the hall had gone up by almost a third. Two proposals were made.
The first was to raise the annual fee from forty to forty-five; the second was to rent the hall to other clubs on weekday
evenings. After a long discussion the members agreed to try the second proposal for one season and to look at the figures
again in spring. The chair thanked everybody for their patience and closed the meeting at a quarter past nine.

When a program asks the operating system for a file, the answer often does not come from the disk at all. Pages that were
read before are kept in memory as long as nothing else needs the space. This is why the second run of a command is usually
much faster than the first, and why a measurement that ignores it can be wrong by a factor of ten. A careful benchmark says
whether the cache was warm or cold, repeats each run several times, and reports the spread and not only the best result.

Most houseplants die from too much care. Their roots need air as well as water, and in soil that is always wet they slowly
suffocate. Before you water a plant, push a finger into the soil: if it feels damp, wait another day or two. In winter, when
there is little light, plants grow slowly and need much less. Yellow leaves at the bottom are often normal; yellow leaves at
the top usually mean that the plant lacks iron or that the water is too hard.

Suppose that a test for a rare disease is right in ninety-nine of a hundred cases, and that one person in a thousand has the
disease. A stranger takes the test, and the result is positive. It is tempting to conclude that this person is almost
certainly ill, but that is not so. Of a thousand people, one is ill and will very likely be found, while about ten of the
healthy ones will be told the same by mistake. The chance that the stranger is ill is therefore about one in eleven. The
test is not useless: it has raised the chance from one in a thousand to nine in a hundred. But a second test is needed.

My grandmother kept her recipes in a wooden box, written on the backs of envelopes. Hardly any of them gave a quantity. They
said "enough butter" or "flour until it feels right", and when we asked her what that meant, she took our hands and pressed
them into the dough. Years later I weighed everything that she used and wrote it down to the gram. The cake was good, but it
was never quite the same, and I have come to think that the envelopes were more exact than my scales.

A neural network is a long chain of simple operations on lists of numbers. Each layer multiplies its input by a matrix, adds
something, and bends the result a little, so that the layers together can do more than one of them alone. The entries of
the matrices are called weights. They are found by showing the network many examples and changing each weight slightly in
the direction that makes the error smaller. A large model has billions of them, and most are close to zero. To run it on a
small device, the weights can be stored with fewer bits: sixteen instead of thirty-two, or eight, or even four. Every
step saves space, and every step rounds a little more. Whether the rounding matters cannot be seen by looking at the weights;
one has to compare what the model says before and after.

The museum opens at ten in the morning and closes at six, except on Mondays, when it stays closed. Tickets cost twelve
euros for adults and five for students; children under six are free. Large bags must be left at the entrance. You may take
photographs, but please do not use a flash, since the light harms the old paper. The café on the second floor serves soup,
cake and coffee until half past five. If you have questions, ask one of the guides in a green jacket.

Stars do not really twinkle. Their light travels for many years through empty space and arrives almost perfectly steady; only
in the last fraction of a second does it pass through our atmosphere, where warm and cold air are mixed. Each small pocket of
air bends the light in a slightly different direction, so that the star seems to jump and flicker. Planets look calmer. They
are so much closer that we see them as tiny disks and not as points, and the flickering of the parts averages out.

On the third day the rain stopped. The hikers hung their socks over a rope, spread the map on a flat stone, and tried to
agree on where they were. Jonas pointed to a lake that had the right shape. Priya said that the lake was on the wrong side
of the ridge. In the end they did what they should have done at once: they walked up to the pass, looked around, and found
the tower of the village church exactly where neither of them had expected it. It took two hours to get down, and the baker
had just put fresh rolls in the window.

Version control remembers every state of a project that somebody chose to record. A good record is small and has a message
that explains why the change was made, because the change itself already shows what was done. When a fault appears that was
not there a month ago, the history can be searched by halves: test the state in the middle, decide which half holds the
fault, and continue there. Among a thousand changes the guilty one is found after ten tests. This works best when each
recorded state can be built and run, and it fails when unrelated changes are thrown together at the end of the week.

Sound needs something to travel through. In air it moves at about three hundred and forty meters a second, in water more than
four times as fast, and in steel faster still. If you see lightning and count the seconds until the thunder, you can divide
by three to know roughly how many kilometers away it struck. In empty space there is nothing to carry the vibration, so that
even the largest explosion would be silent to a listener outside of it.

The old elevator in our building has a brass plate that says it was made in 1931. It holds four people, or three people and a
dog, and it stops a hand's width above the fifth floor whatever the mechanic does. New tenants stumble once and then never
again. Last winter the owner announced that it would be replaced by a modern one. Everyone had complained about it for years,
and yet within a week every single tenant, including those on the ground floor, had signed a letter asking him to leave it
alone.
`;
