"""Topics about the world: countries, things, animals and words."""

import facts as f
from topic import Topic, rows


def geography() -> list[Topic]:
    """Capitals in both directions, continents, languages and a summary of a country."""
    countries = rows("country capital continent language", f.COUNTRIES)
    speaking = [fact for fact in countries if fact["language"]]
    return [
        Topic("capital", 9, 16, countries, [
            (["What is the capital of {country}?", "What's the capital of {country}?",
              "What is the capital city of {country}?", "Name the capital of {country}.",
              "Tell me the capital of {country}.", "What city is the capital of {country}?",
              "Which city is the capital of {country}?", "What is {country}'s capital?",
              "I want to know the capital of {country}.", "The capital of {country} is what?",
              "Give me the capital of {country}.", "Capital of {country}?", "{country}, capital?",
              "What is the name of the capital of {country}?"],
             "The capital of {country} is {capital}."),
            (["Do you know the capital of {country}?", "Can you tell me the capital of {country}?",
              "Do you know what the capital of {country} is?"],
             "Yes. The capital of {country} is {capital}."),
        ], [r"\bcapital of {country} is {capital}\b"],
            unseen=("Please name the capital city of {country}.", "Which city is {country}'s capital?"),
            follow_ups=(("And of {country}?", "The capital of {country} is {capital}."),
                        ("And {country}?", "The capital of {country} is {capital}."),
                        ("What about {country}?", "The capital of {country} is {capital}."))),
        Topic("capital-of", 4, 6, countries, [
            (["{capital} is the capital of which country?", "Which country has the capital {capital}?",
              "What country is {capital} the capital of?", "Of which country is {capital} the capital?",
              "Which country's capital is {capital}?", "In which country is {capital}?",
              "Where is {capital}?", "What country is {capital} in?"],
             "{capital} is the capital of {country}."),
        ], [r"^{capital} is the capital of {country}\b"],
            unseen=("{capital} is the capital of what country?",),
            follow_ups=(("And {capital}?", "{capital} is the capital of {country}."),)),
        Topic("continent", 3, 6, countries, [
            (["On which continent is {country}?", "Which continent is {country} in?", "Where is {country}?",
              "What continent is {country} on?", "On what continent is {country}?",
              "In which part of the world is {country}?", "Where can I find {country}?"],
             "{country} is in {continent}."),
        ], [r"^{country} is in {continent}\."], unseen=("Where in the world is {country}?",)),
        Topic("language", 3, 4, speaking, [
            (["What language do people speak in {country}?", "Which language do people speak in {country}?",
              "What do people speak in {country}?", "What language is spoken in {country}?",
              "Which language is spoken in {country}?", "What is the language of {country}?"],
             "Most people in {country} speak {language}."),
        ], [r"\bin {country} speak {language}\b"],
            follow_ups=(("And in {country}?", "Most people in {country} speak {language}."),)),
        Topic("country", 2, 2, countries, [
            (["Tell me about {country}.", "What do you know about {country}?",
              "Tell me something about {country}.",
              "Can you tell me about {country}?", "Say something about {country}."],
             "{country} is in {continent}. Its capital is {capital}."),
        ], [r"^{country} is in {continent}\.", r"\bcapital is {capital}\b"]),
    ]


def things() -> list[Topic]:
    """Colors, uses of tools, parts, units, jobs and the body."""
    colors = rows("thing color", f.COLORS)
    jobs = rows("job does do", f.JOBS)
    units = rows("whole number parts", f.UNITS)
    return [
        Topic("color", 4, 9, colors, [
            (["What color is {thing}?", "What colour is {thing}?", "Which color is {thing}?",
              "What is the color of {thing}?", "Tell me the color of {thing}.",
              "Which color does {thing} have?",
              "What color does {thing} have?", "Name the color of {thing}."],
             "{thing} is {color}."),
            (["Do you know what color {thing} is?", "Do you know the color of {thing}?",
              "Can you tell me what color {thing} is?"], "Yes. {thing} is {color}."),
        ], [r"\b{thing} is {color}\b"], unseen=("Please tell me the color of {thing}.",),
            follow_ups=(("And {thing}?", "{thing} is {color}."),
                        ("What about {thing}?", "{thing} is {color}."))),
        Topic("mixture", 1, 1, rows("first second mixed", f.MIXTURES), [
            (["What do you get if you mix {first} and {second}?", "Which color do {first} and {second} make?",
              "What color is {first} mixed with {second}?", "What do {first} and {second} make?",
              "Mix {first} and {second}."],
             "{first} and {second} make {mixed}."),
        ], [r"^{first} and {second} make {mixed}\b"]),
        Topic("use", 2, 4, rows("tool use", f.TOOLS), [
            (["What is {tool} for?", "What do we use {tool} for?", "What is {tool} used for?",
              "What do you do with {tool}?", "What can I do with {tool}?", "Why do people have {tool}?"],
             "{tool} is for {use}."),
        ], [r"^{tool} is for {use}\b"]),
        Topic("unit", 3, 6, units, [
            (["How many {parts} are in {whole}?", "How many {parts} are there in {whole}?",
              "How many {parts} does {whole} have?", "How many {parts} make {whole}?",
              "Tell me how many {parts} are in {whole}.", "{whole} is how many {parts}?",
              "What number of {parts} is in {whole}?"],
             "There are {number} {parts} in {whole}."),
        ], [r"\bare {number} {parts} in {whole}\b"]),
        Topic("parts", 2, 4, rows("thing number parts", f.PARTS), [
            (["How many {parts} does {thing} have?", "How many {parts} are on {thing}?",
              "How many {parts} has {thing}?", "Tell me how many {parts} {thing} has.",
              "Do you know how many {parts} {thing} has?"],
             "{thing} has {number} {parts}."),
        ], [r"^{thing} has {number} {parts}\b"]),
        Topic("job", 2, 3, jobs, [
            (["What does {job} do?", "What is the job of {job}?", "What is the work of {job}?",
              "Tell me what {job} does.", "What does {job} do all day?"], "{job} {does}."),
        ], [r"^{job} {does}\b"]),
        Topic("worker", 1.5, 3, jobs, [
            (["Who {does}?", "Which person {does}?", "Whose job is it to {do}?", "Who can {do}?",
              "What do you call a person who {does}?"], "{job} {does}."),
        ], [r"^{job} {does}\b"]),
        Topic("body", 1.5, 3, rows("act part", f.BODY), [
            (["What do we {act} with?", "What do you use to {act}?",
              "Which part of the body do we use to {act}?",
              "What do people {act} with?", "With what do we {act}?"], "We {act} with our {part}."),
        ], [r"\bwe {act} with our {part}\b"]),
    ]


def animals() -> list[Topic]:
    """Sounds, young, legs, homes and who can fly."""
    sounds = rows("animal sound plain", f.SOUNDS)
    flying = [{"animal": animal, "yes": "Yes" if can == "yes" else "No",
               "can": "can" if can == "yes" else "cannot"}
              for animal, can in f.FLYING]
    return [
        Topic("sound", 3, 5, sounds, [
            (["What sound does {animal} make?", "Which sound does {animal} make?", "What does {animal} say?",
              "What noise does {animal} make?", "What is the sound of {animal}?",
              "Tell me what sound {animal} makes.", "How does {animal} sound?"], "{animal} {sound}."),
        ], [r"^{animal} {sound}\b"],
            follow_ups=(("And {animal}?", "{animal} {sound}."),
                        ("What about {animal}?", "{animal} {sound}."))),
        Topic("sound-of", 1.5, 3, sounds, [
            (["Which animal {sound}?", "What animal {sound}?", "Name an animal that {sound}.",
              "Which animal can {plain}?", "Who {sound}?"], "{animal} {sound}."),
        ], [r"^{animal} {sound}\b"]),
        Topic("young", 3, 6, rows("animal young", f.YOUNG), [
            (["What is a baby {animal} called?", "What do you call a baby {animal}?",
              "What is a young {animal} called?", "What do you call a young {animal}?",
              "What is the name for a baby {animal}?", "What is the young of the {animal} called?",
              "Tell me the name of a baby {animal}."], "A baby {animal} is called {young}."),
        ], [r"\bbaby {animal} is called {young}\b"], unseen=("Tell me what a young {animal} is called.",),
            follow_ups=(("And a baby {animal}?", "A baby {animal} is called {young}."),)),
        Topic("legs", 2.5, 4, rows("animal number", f.LEGS), [
            (["How many legs does {animal} have?", "How many legs has {animal}?",
              "Tell me how many legs {animal} has.",
              "What number of legs does {animal} have?", "Do you know how many legs {animal} has?",
              "On how many legs does {animal} walk?"], "{animal} has {number} legs."),
        ], [r"^{animal} has {number} legs\b"],
            follow_ups=(("And {animal}?", "{animal} has {number} legs."),)),
        Topic("home", 1.5, 2, rows("animal home", f.HOMES), [
            (["Where does {animal} live?", "What is the home of {animal}?", "Where is the home of {animal}?",
              "Where can I find {animal}?", "Where does {animal} sleep?"], "{animal} lives {home}."),
        ], [r"^{animal} lives {home}\b"]),
        Topic("flying", 1.5, 3, flying, [
            (["Can {animal} fly?", "Is {animal} able to fly?", "Tell me if {animal} can fly.",
              "Does {animal} fly?", "Do you know if {animal} can fly?"], "{yes}. {animal} {can} fly."),
        ], [r"^{yes}\b", r"\b{animal} {can} fly\b"]),
    ]


def words() -> list[Topic]:
    """Opposites and plurals."""
    pairs = f.OPPOSITES + [[second, first] for first, second in f.OPPOSITES]
    return [
        Topic("opposite", 5, 11, rows("word other", pairs), [
            (["What is the opposite of {word}?", "What's the opposite of {word}?",
              "Name the opposite of {word}.",
              "Tell me the opposite of {word}.", "Which word is the opposite of {word}?",
              "What word means the opposite of {word}?", "Give me the opposite of {word}.",
              "{word} is the opposite of what?", "The opposite of {word} is what?"],
             "The opposite of {word} is {other}."),
            (["Do you know the opposite of {word}?", "Can you tell me the opposite of {word}?"],
             "Yes. The opposite of {word} is {other}."),
        ], [r"\bopposite of {word} is {other}\b"],
            unseen=("Which word means the opposite of {word}?", "Please give me the opposite of {word}."),
            follow_ups=(("And of {word}?", "The opposite of {word} is {other}."),
                        ("And {word}?", "The opposite of {word} is {other}."))),
        Topic("plural", 2.5, 4, rows("word plural", f.PLURALS), [
            (["What is the plural of {word}?", "What's the plural of {word}?",
              "Tell me the plural of {word}.",
              "What is the plural form of {word}?", "Name the plural of {word}.",
              "Give me the plural of {word}.",
              "One {word}, two what?"], "The plural of {word} is {plural}."),
        ], [r"\bplural of {word} is {plural}\b"],
            follow_ups=(("And of {word}?", "The plural of {word} is {plural}."),)),
    ]
