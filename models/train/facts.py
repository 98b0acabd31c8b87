"""The little world Pip knows: plain tables, one fact a line, nothing computed here."""


def table(text: str) -> list[list[str]]:
    """Split a block of text into rows of cells; cells are separated by a bar."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


# country | capital | continent | language most people speak (empty where there is no simple answer)
COUNTRIES = table("""
France | Paris | Europe | French
Germany | Berlin | Europe | German
Italy | Rome | Europe | Italian
Spain | Madrid | Europe | Spanish
Portugal | Lisbon | Europe | Portuguese
Austria | Vienna | Europe | German
Greece | Athens | Europe | Greek
Poland | Warsaw | Europe | Polish
Sweden | Stockholm | Europe | Swedish
Norway | Oslo | Europe | Norwegian
Denmark | Copenhagen | Europe | Danish
Finland | Helsinki | Europe | Finnish
Hungary | Budapest | Europe | Hungarian
Ireland | Dublin | Europe |
Iceland | Reykjavik | Europe | Icelandic
Romania | Bucharest | Europe | Romanian
Bulgaria | Sofia | Europe | Bulgarian
Croatia | Zagreb | Europe | Croatian
Czechia | Prague | Europe | Czech
the Netherlands | Amsterdam | Europe | Dutch
the United Kingdom | London | Europe | English
Egypt | Cairo | Africa | Arabic
Morocco | Rabat | Africa |
Kenya | Nairobi | Africa |
Nigeria | Abuja | Africa |
Ghana | Accra | Africa |
Ethiopia | Addis Ababa | Africa |
Senegal | Dakar | Africa |
Japan | Tokyo | Asia | Japanese
China | Beijing | Asia | Chinese
India | New Delhi | Asia |
Thailand | Bangkok | Asia | Thai
Vietnam | Hanoi | Asia | Vietnamese
South Korea | Seoul | Asia | Korean
Mongolia | Ulaanbaatar | Asia | Mongolian
Nepal | Kathmandu | Asia | Nepali
Canada | Ottawa | North America |
the United States | Washington | North America | English
Mexico | Mexico City | North America | Spanish
Cuba | Havana | North America | Spanish
Brazil | Brasilia | South America | Portuguese
Argentina | Buenos Aires | South America | Spanish
Chile | Santiago | South America | Spanish
Peru | Lima | South America | Spanish
Colombia | Bogota | South America | Spanish
Australia | Canberra | Oceania | English
New Zealand | Wellington | Oceania | English
""")

# thing | color
COLORS = table("""
a banana | yellow
the sky | blue
grass | green
snow | white
coal | black
blood | red
a lemon | yellow
a strawberry | red
a carrot | orange
the sun | yellow
a leaf | green
a frog | green
a crow | black
milk | white
chocolate | brown
an elephant | gray
a flamingo | pink
a pumpkin | orange
a tomato | red
an eggplant | purple
a cucumber | green
the sea | blue
a fire truck | red
a polar bear | white
lavender | purple
a plum | purple
a mouse | gray
salt | white
a cherry | red
a pig | pink
a tree trunk | brown
a rain cloud | gray
a swan | white
a pea | green
a brick | red
lettuce | green
a ripe tangerine | orange
a blueberry | blue
""")

# first color | second color | mixture
MIXTURES = table("""
blue | yellow | green
red | yellow | orange
red | blue | purple
red | white | pink
black | white | gray
yellow | blue | green
yellow | red | orange
blue | red | purple
white | red | pink
white | black | gray
""")

# animal | the sound it makes, as a verb | the same verb in the plain form
SOUNDS = table("""
a dog | barks | bark
a cat | meows | meow
a cow | moos | moo
a sheep | bleats | bleat
a horse | neighs | neigh
a pig | oinks | oink
a duck | quacks | quack
a lion | roars | roar
a bee | buzzes | buzz
an owl | hoots | hoot
a snake | hisses | hiss
a frog | croaks | croak
a wolf | howls | howl
a rooster | crows | crow
a mouse | squeaks | squeak
a donkey | brays | bray
a turkey | gobbles | gobble
a goose | honks | honk
an elephant | trumpets | trumpet
a crow | caws | caw
a dove | coos | coo
a cricket | chirps | chirp
a hen | clucks | cluck
""")

# animal | its young
YOUNG = table("""
dog | a puppy
cat | a kitten
cow | a calf
sheep | a lamb
horse | a foal
pig | a piglet
duck | a duckling
lion | a cub
goose | a gosling
hen | a chick
goat | a kid
deer | a fawn
frog | a tadpole
swan | a cygnet
kangaroo | a joey
owl | an owlet
eagle | an eaglet
bear | a cub
wolf | a pup
seal | a pup
whale | a calf
""")

# animal | number of legs
LEGS = table("""
a dog | 4
a cat | 4
a cow | 4
a horse | 4
a spider | 8
an ant | 6
a bee | 6
a fly | 6
a hen | 2
a duck | 2
a snake | no
a fish | no
a crab | 10
a beetle | 6
an elephant | 4
a penguin | 2
a lion | 4
a frog | 4
a scorpion | 8
a worm | no
an ostrich | 2
a butterfly | 6
a lobster | 10
a giraffe | 4
an owl | 2
a sheep | 4
""")

# animal | can it fly?
FLYING = table("""
a penguin | no
an eagle | yes
an ostrich | no
an owl | yes
a bee | yes
a dog | no
a butterfly | yes
a cow | no
a swan | yes
an elephant | no
a crow | yes
a snake | no
a bat | yes
a horse | no
a dove | yes
a lion | no
a fly | yes
a frog | no
a goose | yes
a kangaroo | no
""")

# animal | where it lives
HOMES = table("""
a bee | in a hive
a bird | in a nest
a horse | in a stable
a spider | in a web
a rabbit | in a burrow
a fish | in the water
a dog | in a kennel
a cow | in a barn
a bear | in a den
a camel | in the desert
a monkey | in the trees
a pig | in a sty
a whale | in the sea
an ant | in an anthill
""")

# word | its opposite; each line is used in both directions
OPPOSITES = table("""
hot | cold
big | small
tall | short
fast | slow
light | dark
day | night
up | down
left | right
open | closed
happy | sad
old | young
rich | poor
wet | dry
hard | soft
full | empty
early | late
loud | quiet
clean | dirty
strong | weak
high | low
near | far
thick | thin
wide | narrow
good | bad
true | false
first | last
inside | outside
always | never
push | pull
win | lose
buy | sell
black | white
north | south
east | west
love | hate
sharp | blunt
deep | shallow
easy | difficult
brave | cowardly
smooth | rough
asleep | awake
safe | dangerous
cheap | expensive
""")

# whole | number | parts
UNITS = table("""
a minute | 60 | seconds
an hour | 60 | minutes
a day | 24 | hours
a week | 7 | days
a year | 12 | months
a leap year | 366 | days
a century | 100 | years
a decade | 10 | years
a millennium | 1000 | years
a meter | 100 | centimeters
a kilometer | 1000 | meters
a centimeter | 10 | millimeters
a kilogram | 1000 | grams
a liter | 1000 | milliliters
a foot | 12 | inches
a yard | 3 | feet
a pound | 16 | ounces
a gallon | 4 | quarts
a dollar | 100 | cents
half an hour | 30 | minutes
two weeks | 14 | days
a dozen | 12 | things
a ton | 1000 | kilograms
""")

# thing | number | parts
PARTS = table("""
a triangle | 3 | sides
a square | 4 | sides
a rectangle | 4 | sides
a pentagon | 5 | sides
a hexagon | 6 | sides
a heptagon | 7 | sides
an octagon | 8 | sides
a nonagon | 9 | sides
a decagon | 10 | sides
a bicycle | 2 | wheels
a tricycle | 3 | wheels
a car | 4 | wheels
a guitar | 6 | strings
a violin | 4 | strings
a hand | 5 | fingers
a cube | 6 | faces
an octopus | 8 | arms
a starfish | 5 | arms
a clover leaf | 3 | parts
the alphabet | 26 | letters
""")

# word | plural
PLURALS = table("""
mouse | mice
child | children
foot | feet
tooth | teeth
goose | geese
man | men
woman | women
person | people
leaf | leaves
knife | knives
wolf | wolves
ox | oxen
sheep | sheep
box | boxes
city | cities
baby | babies
dog | dogs
cat | cats
bus | buses
house | houses
tomato | tomatoes
shelf | shelves
story | stories
tree | trees
book | books
""")

# job | what the person does | the same in the plain form
JOBS = table("""
a baker | bakes bread | bake bread
a teacher | teaches children | teach children
a doctor | helps sick people | help sick people
a farmer | grows food | grow food
a pilot | flies planes | fly planes
a cook | makes meals | make meals
a firefighter | puts out fires | put out fires
a tailor | sews clothes | sew clothes
a dentist | looks after teeth | look after teeth
a painter | paints pictures | paint pictures
a librarian | lends books | lend books
a mail carrier | brings letters | bring letters
a gardener | plants flowers | plant flowers
a fisher | catches fish | catch fish
a writer | writes stories | write stories
a plumber | repairs pipes | repair pipes
a sailor | sails ships | sail ships
a barber | cuts hair | cut hair
a builder | builds houses | build houses
a carpenter | makes furniture | make furniture
""")

# activity | body part
BODY = table("""
see | eyes
hear | ears
smell | nose
taste | tongue
walk | legs
chew | teeth
think | brain
breathe | lungs
clap | hands
kick | feet
""")

# tool | what it is for
TOOLS = table("""
a knife | cutting
a pen | writing
a spoon | eating soup
an umbrella | staying dry
a key | opening doors
a broom | sweeping the floor
a clock | telling the time
a lamp | giving light
a bed | sleeping
a chair | sitting
a cup | drinking
a hammer | hitting nails
a needle | sewing
a ladder | climbing
a phone | calling people
soap | washing
a towel | drying
an oven | baking
a bag | carrying things
a map | finding the way
a brush | painting
a saw | cutting wood
""")

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SEASONS = "spring summer autumn winter".split()
PLANETS = "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune".split()
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
MONTH_DAYS = "31 28 31 30 31 30 31 31 30 31 30 31".split()

GREETINGS = ["Hi", "Hello", "Hey", "Good morning", "Good evening", "Good afternoon", "Hi there",
             "Hello there",
             "Hi Pip", "Hello Pip", "Hey Pip", "Good morning Pip", "Hey there", "Greetings", "Good day"]

# Pieces of made-up names, for questions nobody can answer.
NAME_STARTS = ("Zor Bla Quo Mir Fen Tru Dra Vel Gno Ska Plo Wim Jex Hul Nab Oro At Mal El Lux Ar Is Nar "
               "Gond Mor Sto Ber Lem Und Pas Kry Cam Ti Syl Hob Yen Xan Ost Ul Ef").split()
NAME_MIDDLES = "ba do li mu ne ro ta vi lan ay sal or".split()
PLACE_ENDS = "nia land stan via dor tis bourg ia os uth sia burg".split()
ANIMAL_ENDS = "bel nix pod rex wump".split()

# Open questions about things outside the little world: two slots each.
MADE_VERBS = "invented discovered designed painted composed".split()
MADE_THINGS = ["the telephone", "the steam engine", "that song", "the light bulb", "the first robot",
               "the piano",
               "this picture", "the zipper", "the radio", "that film", "the airplane", "the microscope"]
PEOPLE = ["my neighbor", "your mother", "the mayor", "my sister", "the king", "Anna", "my boss", "the queen",
          "the president", "my cousin", "Tom", "Peter"]
TIMES = ["yesterday", "last night", "last week", "on Sunday", "last summer", "in the morning"]
BIG_THINGS = ["the tallest tower", "my house", "the moon", "that mountain", "the old bridge", "the city hall",
              "this tree", "the new hotel", "the church", "the lighthouse"]
LOST_THINGS = ["my keys", "my phone", "my hat", "the remote control", "my other sock", "my glasses",
               "my wallet",
               "my umbrella", "my shoes", "my book"]
WEATHER_TIMES = ["today", "tomorrow", "outside", "next week", "this evening", "on Friday", "right now",
                 "this weekend"]
COUNTED = "apples books coins eggs stamps pencils cookies shells cards marbles".split()

# Requests Pip cannot meet, what they are about, and things it cannot teach.
REQUESTS = ["write a poem", "write a story", "tell me a joke", "sing a song", "write a letter",
            "draw a picture",
            "write a speech", "tell me a story", "play a game", "write some code", "give me a recipe"]
SUBJECTS = ["about the sea", "about a cat", "for my mother", "about love", "about a king", "with me",
            "for my friend",
            "about winter", "about two dogs", "for the party"]
SKILLS = ["cook rice", "fix my bike", "learn to swim", "make a cake", "get to the station", "start the car",
          "build a boat", "play the piano", "grow roses", "wash a sweater", "make soup", "write a book",
          "sleep better"]
