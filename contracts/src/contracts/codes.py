"""Open code lists, each with its source and version: a district or state may add codes to them.

A code may be added, with the next version of its list; none is ever removed, renamed or given another meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of codes with a label in plain words for each."""

    name: str
    source: str
    labels: Mapping[str, str]
    version: str = "1"
    """Rises with every code that is added; where the law itself has the list, the rule set it is of."""


def _plain(*codes: str, **labelled: str) -> dict[str, str]:
    """Codes whose label is the code with blanks for underscores, and others with a label of their own."""
    return {code: code.replace("_", " ") for code in codes} | labelled


SERVICE = CodeList(
    "service",
    "34 CFR 300.34, 300.39, 300.42; Ed-Fi ServiceDescriptor 5.2",
    _plain(
        "specially_designed_instruction",
        "reading_instruction",
        "writing_instruction",
        "mathematics_instruction",
        "behavior_support",
        "adapted_physical_education",
        "travel_training",
        "vocational_education",
        "occupational_therapy",
        "physical_therapy",
        "counseling",
        "interpreting",
        "recreation",
        "rehabilitation_counseling",
        "transportation",
        "paraprofessional_support",
        speech_language_therapy="speech-language therapy",
        audiology="audiology services",
        psychological_services="psychological services",
        social_work="social work services",
        school_health="school health services",
        school_nurse="school nurse services",
        medical_diagnostic="medical services for diagnosis or evaluation",
        orientation_and_mobility="orientation and mobility services",
        early_identification="early identification and assessment",
        parent_counseling_and_training="parent counseling and training",
        assistive_technology_service="assistive technology service",
        transition_service="transition service",
        personnel_support="support for school personnel",
        other="other service",
    ),
)

PLACEMENT_SETTING = CodeList(
    "placement_setting",
    "IDEA Section 618 educational environments; Ed-Fi SpecialEducationSettingDescriptor 5.2",
    {
        "regular_class_80_or_more": "inside regular class 80% or more of the day",
        "regular_class_40_to_79": "inside regular class 40% to 79% of the day",
        "regular_class_less_than_40": "inside regular class less than 40% of the day",
        "separate_class": "separate class",
        "separate_school": "separate school",
        "residential_facility": "residential facility",
        "homebound_or_hospital": "homebound or hospital",
        "correctional_facility": "correctional facility",
        "parentally_placed_private_school": "placed by parents in a private school",
        "regular_early_childhood_10_hours_or_more": "regular early childhood program, 10 hours a week or more",
        "regular_early_childhood_less_than_10_hours": "regular early childhood program, less than 10 hours a week",
        "other_early_childhood_10_hours_or_more": "other early childhood location, 10 hours a week or more",
        "other_early_childhood_less_than_10_hours": "other early childhood location, less than 10 hours a week",
        "service_provider_location": "service provider location",
        "home": "home",
        "other": "other setting",
    },
)

SERVICE_SETTING = CodeList(
    "service_setting",
    "34 CFR 300.320(a)(7), 300.115; CEDS 0171",
    _plain(
        "regular_class",
        "special_education_class",
        "resource_room",
        "therapy_room",
        "separate_school",
        "community",
        "home",
        "hospital",
        "telehealth",
        "other",
    ),
)

GROUP = CodeList("group", "practice", _plain("individual", "small_group", "whole_class", "consultation"))

PLACE = CodeList(
    "place",
    "34 CFR 104.34, 300.107, 300.117",
    _plain(
        "class",
        "test",
        "homework",
        "hallway",
        "lunch",
        "recess",
        "physical_education",
        "bus",
        "field_trip",
        "extracurricular",
        "home",
        "everywhere",
        "other",
    ),
)

ACCOMMODATION = CodeList(
    "accommodation",
    "34 CFR 104.33-104.34, 300.320(a)(4), 300.320(a)(6); practice",
    {
        "preferential_seating": "seat near the teacher or away from distraction",
        "extended_time": "extended time",
        "stop_the_clock": "stopping the clock of a test",
        "breaks": "breaks when needed",
        "separate_room": "separate or small room for tests",
        "test_read_aloud": "test or text read aloud",
        "scribe": "answers written down by somebody else",
        "oral_answers": "answers given orally",
        "calculator": "calculator",
        "large_print": "large print or braille",
        "notes_provided": "teacher's or another student's notes",
        "recording_allowed": "recording of lessons",
        "visual_schedule": "picture or written schedule",
        "tasks_in_steps": "longer tasks in steps",
        "reduced_homework": "less homework",
        "excused_lateness": "excused lateness",
        "excused_absence": "excused absence, with make-up work",
        "adjusted_schedule": "adjusted schedule or shortened day",
        "early_dismissal_between_classes": "leaving lessons early to change rooms",
        "food_and_drink": "food and drink when needed",
        "restroom_access": "restroom when needed",
        "medication_or_monitoring": "medication or monitoring in school",
        "elevator_or_ground_floor": "elevator or rooms on the ground floor",
        "physical_education_adjusted": "adjusted physical education",
        "accessible_transportation": "accessible bus",
        "adult_nearby": "an adult nearby",
        "phone_or_device": "phone or device for health or learning",
        "other": "other accommodation",
    },
)

STAFF_ROLE = CodeList(
    "staff_role",
    "34 CFR 300.156, 300.321; practice",
    _plain(
        "case_manager",
        "special_education_teacher",
        "regular_education_teacher",
        "occupational_therapist",
        "physical_therapist",
        "school_psychologist",
        "counselor",
        "school_nurse",
        "social_worker",
        "paraprofessional",
        "interpreter",
        "principal",
        "special_education_director",
        "compliance_officer",
        "records_officer",
        "bus_driver",
        "test_coordinator",
        "operator",
        "other",
        speech_language_pathologist="speech-language pathologist",
        section_504_coordinator="Section 504 coordinator",
    ),
)

CREDENTIAL = CodeList(
    "credential",
    "practice; states add their own",
    _plain(
        "special_education_licence",
        "teaching_licence",
        "school_psychologist_licence",
        "nursing_licence",
        "administrator_licence",
        "other",
        speech_language_pathology_licence="speech-language pathology licence",
    ),
)

MISSED_REASON = CodeList(
    "missed_reason",
    "practice",
    _plain(
        "provider_absent",
        "no_provider",
        "student_absent",
        "student_declined",
        "student_removed",
        "school_closed",
        "school_activity",
        "testing",
        "schedule_conflict",
        "other",
    ),
)

MAKE_UP_GROUND = CodeList(
    "make_up_ground",
    "34 CFR 300.151(b), 300.506, 300.510, 300.513; practice",
    _plain(
        "agreement",
        "team_decision",
        "mediation",
        "resolution",
        "hearing_decision",
        "court_order",
        "other",
        state_complaint="decision on a state complaint",
    ),
)

PROMPT_LEVEL = CodeList(
    "prompt_level",
    "practice: prompts from least to most, as systematic instruction counts them",
    _plain(
        "independent",
        "gestural",
        "verbal",
        "visual",
        "model",
        partial_physical="partial physical help",
        full_physical="full physical help",
    ),
)
"""In the order of help: a level's number is its place, from 0 for doing it alone."""

ACTIVITY = CodeList(
    "activity",
    "42 USC 12102(2)(A)-(B); open lists",
    _plain(
        "caring_for_oneself",
        "seeing",
        "hearing",
        "eating",
        "sleeping",
        "walking",
        "standing",
        "lifting",
        "bending",
        "speaking",
        "breathing",
        "learning",
        "reading",
        "concentrating",
        "thinking",
        "communicating",
        "working",
        manual_tasks="performing manual tasks",
        immune_function="functions of the immune system",
        cell_growth="normal cell growth",
        digestive_function="digestive functions",
        bowel_function="bowel functions",
        bladder_function="bladder functions",
        neurological_function="neurological functions",
        brain_function="brain functions",
        respiratory_function="respiratory functions",
        circulatory_function="circulatory functions",
        endocrine_function="endocrine functions",
        reproductive_function="reproductive functions",
        other="other activity or function",
    ),
)

IDEA_CATEGORY = CodeList(
    "idea_category",
    "34 CFR 300.8; developmental delay from 3 to 9, where the state has chosen it",
    _plain(
        "autism",
        "deafness",
        "emotional_disturbance",
        "hearing_impairment",
        "intellectual_disability",
        "multiple_disabilities",
        "orthopedic_impairment",
        "other_health_impairment",
        "specific_learning_disability",
        "speech_or_language_impairment",
        "traumatic_brain_injury",
        "visual_impairment",
        "developmental_delay",
        deaf_blindness="deaf-blindness",
    ),
    version="federal@2026-1",
)

REFERRAL_SOURCE = CodeList(
    "referral_source",
    "34 CFR 300.301(b), 300.303(a); practice",
    _plain(
        "parent",
        "student",
        "teacher",
        "school_team",
        "district",
        "state_agency",
        "early_intervention",
        "health_provider",
        "other",
    ),
)

DISPUTE_SUBJECT = CodeList(
    "dispute_subject",
    "34 CFR 300.503(a), 300.507(a)(1), 300.610-625; practice",
    _plain(
        "identification",
        "evaluation",
        "placement",
        "services",
        "discipline",
        "records",
        "notice_and_consent",
        "other",
    ),
)

ASSESSMENT_AREA = CodeList(
    "assessment_area",
    "practice",
    _plain(
        "health",
        "vision",
        "hearing",
        "social_emotional",
        "general_intelligence",
        "academic_performance",
        "communication",
        "motor",
        "behavior",
        "adaptive",
        "assistive_technology",
        "transition",
        "observation",
        "other",
    ),
)

INFORMATION_SOURCE = CodeList(
    "information_source",
    "34 CFR 104.35(c); practice",
    _plain(
        "aptitude_and_achievement_tests",
        "teacher_recommendations",
        "parent_input",
        "student_input",
        "physical_condition",
        "medical_report",
        "social_or_cultural_background",
        "adaptive_behavior",
        "observation",
        "grades_and_work_samples",
        "other",
    ),
)

AREA = CodeList(
    "area",
    "34 CFR 300.320(a)(1)-(2); practice",
    _plain(
        "reading",
        "writing",
        "mathematics",
        "communication",
        "behavior",
        "social_emotional",
        "motor",
        "adaptive",
        "organization",
        "transition",
        "health",
        "other",
    ),
)

RELATION = CodeList(
    "relation",
    "Ed-Fi RelationDescriptor 5.2; OneRoster 1.2 roles",
    _plain(
        "aunt",
        "brother",
        "cousin",
        "daughter",
        "father",
        "foster_parent",
        "friend",
        "godparent",
        "grandfather",
        "grandmother",
        "grandparent",
        "great_aunt",
        "great_grandparent",
        "great_uncle",
        "guardian",
        "husband",
        "mother",
        "neighbor",
        "nephew",
        "niece",
        "parent",
        "relative",
        "sibling",
        "sister",
        "son",
        "spouse",
        "stepfather",
        "stepmother",
        "stepparent",
        "uncle",
        "ward",
        "wife",
        "emergency",
        "unknown",
        "other",
        court_appointed_guardian="guardian appointed by a court",
        significant_other="partner",
        fathers_partner="father's partner",
        mothers_partner="mother's partner",
    ),
)

GRADE = CodeList(
    "grade",
    "Ed-Fi GradeLevelDescriptor 5.2; CEDS entry grade level",
    {
        "infant_toddler": "infant or toddler",
        "preschool": "preschool",
        "prekindergarten": "prekindergarten",
        "transitional_kindergarten": "transitional kindergarten",
        "kindergarten": "kindergarten",
        "grade_1": "1st grade",
        "grade_2": "2nd grade",
        "grade_3": "3rd grade",
        "grade_4": "4th grade",
        "grade_5": "5th grade",
        "grade_6": "6th grade",
        "grade_7": "7th grade",
        "grade_8": "8th grade",
        "grade_9": "9th grade",
        "grade_10": "10th grade",
        "grade_11": "11th grade",
        "grade_12": "12th grade",
        "grade_13": "13th grade",
        "ungraded": "ungraded",
        "adult_education": "adult education",
        "other": "other grade",
    },
)

SEX = CodeList("sex", "Ed-Fi SexDescriptor 5.2", _plain("female", "male", "nonbinary", "not_selected"))

DOCUMENT_KIND = CodeList(
    "document_kind",
    "practice",
    _plain(
        "consent",
        "release",
        "court_order",
        "birth_certificate",
        "evaluation_report",
        "medical_report",
        "plan_from_elsewhere",
        "letter",
        "meeting_notes",
        "work_sample",
        "other",
    ),
)

WITHHELD_REASON = CodeList(
    "withheld_reason",
    "what a packet leaves out and why",
    {
        "outside_release": "not covered by the release",
        "outside_purpose": "not needed for the purpose",
        "other_person": "about another person",
        "district_only": "concerns the district's own working, not this plan",
        "destroyed": "lawfully destroyed",
        "altered": "no longer what the log committed to",
        "unknown": "not known to this version of Handrail",
    },
    version="2",
)

LANGUAGE = CodeList(
    "language",
    "BCP 47; the languages most spoken at home by students in US public schools",
    {
        "en": "English",
        "es": "Spanish",
        "ar": "Arabic",
        "zh": "Chinese",
        "vi": "Vietnamese",
        "pt": "Portuguese",
        "ru": "Russian",
        "ht": "Haitian Creole",
        "uk": "Ukrainian",
        "hmn": "Hmong",
        "ur": "Urdu",
        "ko": "Korean",
        "tl": "Tagalog",
        "fr": "French",
        "so": "Somali",
        "ase": "American Sign Language",
    },
)

CODE_LISTS: Mapping[str, CodeList] = {
    listed.name: listed
    for listed in (
        SERVICE,
        PLACEMENT_SETTING,
        SERVICE_SETTING,
        GROUP,
        PLACE,
        ACCOMMODATION,
        STAFF_ROLE,
        CREDENTIAL,
        MISSED_REASON,
        MAKE_UP_GROUND,
        PROMPT_LEVEL,
        ACTIVITY,
        IDEA_CATEGORY,
        REFERRAL_SOURCE,
        DISPUTE_SUBJECT,
        ASSESSMENT_AREA,
        INFORMATION_SOURCE,
        AREA,
        RELATION,
        GRADE,
        SEX,
        DOCUMENT_KIND,
        WITHHELD_REASON,
        LANGUAGE,
    )
}
"""Every open list by its name."""


def label(list_name: str, code: str) -> str:
    """The code in plain words; a code the list does not know is shown with blanks for underscores."""
    listed = CODE_LISTS.get(list_name)
    return (listed.labels.get(code) if listed else None) or code.replace("_", " ")
