"""What students of the sample district need, in the words of invented teams: no two plans read the same."""

from dataclasses import dataclass

from handrail.plan_items import Json


@dataclass(frozen=True, slots=True)
class Given:
    """A service that answers a need."""

    code: str
    minutes: tuple[int, ...]
    """A week, one of them."""
    sessions: int
    role: str
    location: str
    group: str = "small_group"
    setting: str = "resource_room"


@dataclass(frozen=True, slots=True)
class Need:
    """An area of need, and what teams write about it. ``{baseline}`` and ``{target}`` are filled in."""

    area: str
    levels: tuple[str, ...]
    effect: str
    strengths: tuple[str, ...]
    concerns: tuple[str, ...]
    goal: str
    """Empty: the worked example of 60 objects, with its three objectives."""
    unit: str
    method: str
    criterion: str
    baselines: tuple[int, int]
    gain: int
    """From the baseline to the target within the year; below zero: less is better."""
    services: tuple[Given, ...]
    accommodations: tuple[tuple[str, tuple[str, ...], str], ...]
    """What is done, where, and the need it meets."""
    results_needed: int = 1
    percent_with_peers: int = 85
    modification: str = ""
    factor: Json | None = None
    """A special factor beside those every team considers."""
    device: str = ""
    summer: str = ""
    """What is given beyond the school year."""
    alternate: str = ""
    """Why the alternate assessment."""


_TIME = ("Half as much time again on timed tests.", ("test",), "Works accurately but slowly.")
_SEAT = (
    "Sits near the teacher, away from door and window.",
    ("class", "test"),
    "Loses the thread when others pass.",
)
_NOTES = (
    "Gets the teacher's notes before the lesson.",
    ("class", "homework"),
    "Cannot listen and write at once.",
)
_BREAK = (
    "May leave for five minutes by a card on the desk.",
    ("class",),
    "Notices early when it becomes too much.",
)

NEEDS = (
    Need(
        "reading",
        ("Reads {baseline} words a minute in a passage of last year's level, where the class reads 95.",
         "Reads {baseline} words correctly in a minute; guesses from the first letters of longer words."),
        "Texts and directions of the grade take longer than the class allows.",
        ("Works steadily and asks when unsure.", "Understands far more than the reading shows; tells it well."),
        ("Homework takes the whole evening.", '"I am stupid", we hear at home. That is not so.'),
        "Given a passage at instructional level, reads {target} words correctly in one minute.",
        "words per minute", "One-minute oral reading probe, every other week.",
        "{target} words correct in each of 3 probes in a row", (25, 60), 40,
        (Given("reading_instruction", (120, 150, 225), 3, "special_education_teacher", "Room 12"),),
        (_TIME, _NOTES), results_needed=3,
    ),
    Need(
        "mathematics",
        ("Solves {baseline} of 20 two-step word problems; the arithmetic is right, the plan is missing.",
         "Solves {baseline} of 20 problems with a number line, none without."),
        "New topics build on steps that are not yet secure.",
        ("Explains patterns to others.", "Never gives up on a problem."),
        ("Will it be enough for algebra?", "Nobody told us before the report card."),
        "Given 20 two-step word problems, writes a plan and solves {target} correctly.",
        "problems", "Twenty problems from the unit, every three weeks.", "{target} of 20 correct in one sitting",
        (3, 8), 8,
        (Given("mathematics_instruction", (90, 120), 2, "special_education_teacher", "Room 14"),),
        (_TIME, _SEAT), modification="Works on half of each problem set, chosen by the teacher.",
    ),
    Need(
        "communication",
        ("Is understood by strangers in {baseline} of 50 sentences.",
         "Says {baseline} of 50 target words so that a stranger understands them."),
        "Answers in class are often asked for twice, and so are given less and less.",
        ("Tells long stories to people who know how to listen.", "Uses drawings when words fail."),
        ("There are no more telephone calls with the grandparents.", "Other children finish the sentences."),
        "In conversation, says {target} of 50 target words so that a stranger understands them.",
        "words", "Recorded sample of 50 words, rated by somebody who does not know the student.",
        "{target} of 50 in one sample", (10, 20), 25,
        (Given("speech_language_therapy", (30, 60), 1, "speech_language_pathologist", "Speech room", "individual",
               "therapy_room"),
         Given("reading_instruction", (90,), 3, "special_education_teacher", "Room 12")),
        (("Presents to the teacher alone, or by recording.", ("class",), "Speaks less the more people listen."), _NOTES),
        factor={"factor": "communication", "answer": "yes",
                "reason": "Speech is the way of taking part that is limited.",
                "supports": "Time to answer; nobody finishes sentences."},
    ),
    Need(
        "behavior",
        ("Leaves the seat or calls out {baseline} times in a lesson of 45 minutes.",
         "Interrupts {baseline} times in a lesson, most often in the first ten minutes."),
        "Misses directions, and then the work that rests on them.",
        ("Is the first to help in the workshop.", "Is fair in every game."),
        ("We are called every week.", "At home there is no such trouble."),
        "In a lesson of 45 minutes, leaves the seat or calls out at most {target} times.",
        "times a lesson", "Counted by the teacher in two lessons a week.", "At most {target} times in each of 2 counts in a row",
        (10, 15), -8,
        (Given("behavior_support", (60, 90), 2, "special_education_teacher", "Room 9", "individual"),
         Given("counseling", (30,), 1, "counselor", "Counselor's office", "individual", "therapy_room")),
        (_SEAT, _BREAK), results_needed=2,
        factor={"factor": "behavior", "answer": "yes", "reason": "Behavior keeps the student from learning.",
                "supports": "Check-in at the start of each lesson; praise within the minute; a plan for substitutes."},
    ),
    Need(
        "writing",
        ("Writes {baseline} words of a story in ten minutes; the hand tires.",
         "Writes {baseline} readable words in ten minutes, and dictates ten times as many."),
        "What is known does not reach the page.",
        ("Has ideas nobody else has.", "Spells well aloud."),
        ("There was a time of telling stories every night.", "The wrist hurts in the evening."),
        "Given a picture and ten minutes, writes or types a story of {target} words.",
        "words", "Ten-minute writing sample, once a month.", "{target} words in one sample", (20, 35), 60,
        (Given("occupational_therapy", (30, 45), 1, "occupational_therapist", "Therapy room", "individual", "therapy_room"),
         Given("writing_instruction", (90, 120), 2, "special_education_teacher", "Room 12")),
        (_TIME, ("Types instead of writing by hand.", ("class", "test", "homework"), "The hand tires before the thought.")),
        device="Laptop with word prediction, provided by the school; taught in four sessions in October.",
    ),
    Need(
        "adaptive",
        ("Sorts objects into groups of up to 10 with a model to copy.",
         "Sorts by color, not yet by use; stops after a few objects."),
        "Tasks of the classroom are done with somebody beside.",
        ("Is patient, and likes order.", "Greets everybody by name."),
        ("What comes after school?", "In the class, not beside it: that is what we want."),
        "", "objects", "", "", (0, 1), 60,
        (Given("specially_designed_instruction", (225, 300), 5, "special_education_teacher", "Room 3", "small_group",
               "special_education_class"),
         Given("speech_language_therapy", (60,), 2, "speech_language_pathologist", "Speech room", "individual",
               "therapy_room")),
        (("Directions by picture, one step at a time.", ("everywhere",), "Follows one step, not three."), _BREAK),
        percent_with_peers=55, modification="Works on the essential content of each unit, at functional level.",
        summer="Four weeks in July, three mornings a week.",
        alternate="Works toward functional standards; the alternate assessment shows what was learned.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limit:
    """A limited activity of a Section 504 plan, and what is arranged."""

    activity: str
    impairment: str
    how: str
    accommodations: tuple[tuple[str, tuple[str, ...], str], ...]
    """What is done, where, and whose role it is to do it."""
    services: str


LIMITS = (
    Limit(
        "endocrine_function", "Type 1 diabetes.",
        "Type 1 diabetes: blood sugar changes quickly; low values need treatment at once.",
        (("Checks glucose when needed, in class, with the nurse informed.", ("class", "test"), "school_nurse"),
         ("Eats snacks whenever needed.", ("class", "bus"), "regular_education_teacher"),
         ("Stops the clock of a test to treat a low or high value.", ("test",), "test_coordinator"),
         ("Keeps a phone for the glucose sensor.", ("everywhere",), "regular_education_teacher")),
        "School nurse on call during the school day.",
    ),
    Limit(
        "concentrating", "Attention deficit hyperactivity disorder.",
        "ADHD: loses the thread of longer tasks several times in a lesson.",
        (("Sits near the teacher, away from the door.", ("class",), "regular_education_teacher"),
         ("Gets longer tasks in steps, each checked before the next.", ("class", "homework"), "case_manager")),
        "Ten minutes with the counselor on Mondays, to plan the week.",
    ),
    Limit(
        "respiratory_function", "Asthma.",
        "Asthma: exertion, cold air and dust bring attacks on.",
        (("Carries the inhaler and uses it without asking.", ("everywhere",), "school_nurse"),
         ("Chooses another exercise on days of bad air.", ("physical_education",), "regular_education_teacher")),
        "Nurse's check before physical education in winter.",
    ),
    Limit(
        "immune_function", "Peanut allergy.",
        "Peanut allergy: a trace may stop breathing within minutes.",
        (("Eats at a table that is wiped before each lunch.", ("lunch",), "school_nurse"),
         ("Two adults on every trip know the injector.", ("field_trip", "bus"), "regular_education_teacher")),
        "Training of all staff of the grade in using the injector, every August.",
    ),
    Limit(
        "walking", "Paraplegia.",
        "Uses a wheelchair; tires on ramps and in crowds.",
        (("Leaves each lesson three minutes early.", ("hallway",), "regular_education_teacher"),
         ("Rides the bus with the lift.", ("bus",), "bus_driver"),
         ("Takes tests in a room on the ground floor.", ("test",), "test_coordinator")),
        "Help with the coat and the tray at lunch.",
    ),
    Limit(
        "neurological_function", "Migraine.",
        "Migraine twice a month, for half a day; light and noise make it worse.",
        (("Rests in the nurse's room without a pass.", ("everywhere",), "school_nurse"),
         ("Makes up missed work within a week, without loss of points.", ("class", "homework"), "case_manager")),
        "Quiet, dark place to rest.",
    ),
)  # fmt: skip

REASONS = (
    ("Results have stayed below the aim line for six weeks.", "Six weekly probes; the teacher's notes.",
     "Going on unchanged: no reason to expect another result."),
    ("The new schedule leaves no room between lessons.", "The schedule of January; talks with three teachers.",
     "Another room at the same hour: there is none."),
    ("Now done in class without help, which was not so in fall.", "Observations in five lessons; work samples.",
     "Keeping the support: it has begun to set her apart."),
    ("The physician asks for shorter stretches of work.", "Physician's letter; nurse's log of the quarter.",
     "A shortened day: not needed, and less with other children."),
)  # fmt: skip
"""Why a plan is amended, what that rests on, what else was thought of."""
