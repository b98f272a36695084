"""Closed code lists: what rules depend on. Open lists (services, settings, roles, ...) are in `contracts.codes`.

A code may be added; none is ever removed, renamed or given another meaning.
"""

from enum import StrEnum


class PlanKind(StrEnum):
    """The two kinds of plan."""

    IEP = "iep"
    """Individualized Education Program, 34 CFR 300.320."""
    SECTION_504 = "504"
    """Section 504 plan, 34 CFR 104.33-104.36."""


class Period(StrEnum):
    """The time in which a service's minutes are promised."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TERM = "term"
    YEAR = "year"


class RightsGround(StrEnum):
    """Why somebody holds a student's educational rights (34 CFR 300.30, 300.519, 300.520, 99.3)."""

    BIOLOGICAL_PARENT = "biological_parent"
    ADOPTIVE_PARENT = "adoptive_parent"
    FOSTER_PARENT = "foster_parent"
    GUARDIAN = "guardian"
    """A guardian with authority over education; never the state for a ward."""
    ACTING_AS_PARENT = "acting_as_parent"
    """A relative or other person in the place of a parent, with whom the child lives."""
    LEGALLY_RESPONSIBLE = "legally_responsible"
    SURROGATE = "surrogate"
    """Assigned by the agency, 300.519."""
    COURT_ORDER = "court_order"
    """An order names this person to act as parent or to decide on education."""
    ADULT_STUDENT = "adult_student"
    """The student, to whom the rights have passed at majority, 300.520."""
    APPOINTED_REPRESENTATIVE = "appointed_representative"
    """Appointed for an adult student who cannot consent, 300.520(b)."""


class RightsEnd(StrEnum):
    """Why somebody's rights ended."""

    MAJORITY = "majority"
    COURT_ORDER = "court_order"
    GUARDIANSHIP_ENDED = "guardianship_ended"
    SURROGACY_ENDED = "surrogacy_ended"
    NO_LONGER_ACTING_AS_PARENT = "no_longer_acting_as_parent"
    DEATH = "death"
    CONFIRMED_IN_ERROR = "confirmed_in_error"
    OTHER = "other"


class MeetingPurpose(StrEnum):
    """What a meeting was called for."""

    ELIGIBILITY = "eligibility"
    INITIAL = "initial"
    ANNUAL_REVIEW = "annual_review"
    AMENDMENT = "amendment"
    REEVALUATION = "reevaluation"
    MANIFESTATION = "manifestation"
    PLACEMENT = "placement"
    SECTION_504_DECISION = "section_504_decision"
    """A group's decision under 104.35(c)."""
    SECTION_504_REVIEW = "section_504_review"
    REQUESTED_BY_PARENT = "requested_by_parent"
    OTHER = "other"


class MeetingMode(StrEnum):
    """How a meeting is held, or how somebody takes part."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    VIDEO = "video"


class MeetingRole(StrEnum):
    """The role of somebody on an IEP team (300.321) or in a 504 group (104.35(c)); one may hold several."""

    PARENT = "parent"
    REGULAR_EDUCATION_TEACHER = "regular_education_teacher"
    SPECIAL_EDUCATION_TEACHER = "special_education_teacher"
    """A special education teacher or provider of the child."""
    AGENCY_REPRESENTATIVE = "agency_representative"
    INTERPRETS_EVALUATION = "interprets_evaluation"
    """Can interpret the instructional implications of evaluation results."""
    STUDENT = "student"
    KNOWLEDGE_OF_CHILD = "knowledge_of_child"
    KNOWLEDGE_OF_EVALUATION = "knowledge_of_evaluation"
    KNOWLEDGE_OF_PLACEMENT_OPTIONS = "knowledge_of_placement_options"
    TRANSITION_AGENCY = "transition_agency"
    LANGUAGE_INTERPRETER = "language_interpreter"
    OTHER = "other"
    """Others with knowledge or special expertise, 300.321(a)(6)."""


class InvitationPart(StrEnum):
    """What a meeting notice must say (300.322(b))."""

    PURPOSE = "purpose"
    TIME = "time"
    PLACE = "place"
    ATTENDEES = "attendees"
    RIGHT_TO_BRING_OTHERS = "right_to_bring_others"
    TRANSITION_PURPOSE = "transition_purpose"
    STUDENT_INVITED = "student_invited"


class AttemptMeans(StrEnum):
    """How somebody was tried to be reached for a meeting (300.322(d))."""

    PHONE = "phone"
    LETTER = "letter"
    EMAIL = "email"
    MESSAGE = "message"
    VISIT = "visit"


class AttemptResult(StrEnum):
    """What an attempt came to."""

    WILL_ATTEND = "will_attend"
    ASKED_FOR_ANOTHER_TIME = "asked_for_another_time"
    DECLINED = "declined"
    MESSAGE_LEFT = "message_left"
    NO_ANSWER = "no_answer"
    RETURNED = "returned"
    """The letter or mail came back."""


class Attendance(StrEnum):
    """Whether somebody took part in a meeting."""

    PRESENT = "present"
    EXCUSED = "excused"
    ABSENT = "absent"


class ExcusalForm(StrEnum):
    """How a member was excused (300.321(e))."""

    WRITTEN_AGREEMENT = "written_agreement"
    """The member's area was not discussed."""
    WRITTEN_CONSENT = "written_consent"
    """The member's area was discussed: consent of parent and agency, and written input before the meeting."""


class ConsentDecision(StrEnum):
    """A rights holder's answer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class ConsentMethod(StrEnum):
    """How an answer was given; consent needs writing (300.9), an oral answer is recorded as one."""

    PAPER_SIGNATURE = "paper_signature"
    ELECTRONIC_SIGNATURE = "electronic_signature"
    WRITTEN_MESSAGE = "written_message"
    """A letter or mail without a signature on a form."""
    ORAL = "oral"


class Law(StrEnum):
    """Under which law a student is evaluated and found eligible; a child with an IEP has 504 rights too."""

    IDEA = "idea"
    """Part B, 34 CFR 300."""
    SECTION_504 = "504"
    """34 CFR 104."""


class EvaluationKind(StrEnum):
    """The first evaluation under a law, or one after it."""

    INITIAL = "initial"
    """34 CFR 300.301, 104.35(a)."""
    REEVALUATION = "reevaluation"
    """34 CFR 300.303, 104.35(d)."""


class ClockEnd(StrEnum):
    """With what the time for an evaluation ends: the federal rule's end, or a state's own (300.301(c)(1))."""

    EVALUATION_COMPLETED = "evaluation_completed"
    ELIGIBILITY_DETERMINED = "eligibility_determined"
    MEETING_HELD = "meeting_held"
    """The meeting that looks at it: of the team that determines eligibility and makes the plan."""
    PLAN_PROPOSED = "plan_proposed"


class ExtensionGround(StrEnum):
    """Why the time for an evaluation has another end than the consent gave it (300.301(d), 300.309(c), a state's own)."""

    NOT_PRODUCED = "not_produced"
    """The parent repeatedly fails or refuses to produce the child: no time runs any more (300.301(d)(1))."""
    MOVED_IN = "moved_in"
    """The child has moved in while another agency's time ran; parent and district agree on a day (300.301(d)(2), (e))."""
    LEARNING_DISABILITY = "learning_disability"
    """Written agreement of parents and qualified professionals about a specific learning disability (300.309(c))."""
    ABSENCES = "absences"
    """School days of absence, where the state lets them prolong it."""


class WithoutConsent(StrEnum):
    """Why an evaluation went on without a consent (300.300): each is an exception somebody has to be able to show."""

    NO_ANSWER = "no_answer"
    """A reevaluation, after reasonable efforts to which nobody answered (300.300(c))."""
    HEARING_DECISION = "hearing_decision"
    """A due process decision overrides the refusal of an initial evaluation or a reevaluation."""
    WARD_OF_STATE = "ward_of_state"
    """The rules for a ward of the state (300.300(a)(2))."""


class ReviewOutcome(StrEnum):
    """What a review of a plan came to."""

    CONTINUED = "continued"
    CHANGE_DECIDED = "change_decided"
    ENDING_DECIDED = "ending_decided"


class PlanEnd(StrEnum):
    """Why a plan no longer binds."""

    GRADUATED = "graduated"
    """With a regular diploma."""
    REACHED_MAXIMUM_AGE = "reached_maximum_age"
    NO_LONGER_ELIGIBLE = "no_longer_eligible"
    """Returned to regular education, 300.305(e)(1)."""
    CONSENT_REVOKED = "consent_revoked"
    """All services, in writing, 300.300(b)(4)."""
    TRANSFERRED = "transferred"
    """Moved: another district answers for the student now."""
    LEFT_SCHOOL = "left_school"
    """Dropped out, or is taught elsewhere; the student stays eligible."""
    REPLACED = "replaced"
    """By a plan of the other kind."""
    DEATH = "death"
    OTHER = "other"


class ReopeningGround(StrEnum):
    """Why a plan that had ended binds again."""

    MISTAKE = "mistake"
    """The end rested on a mistake of fact: it never held."""
    STUDENT_RETURNED = "student_returned"
    """Whoever had moved away or left school is back."""


class VoidGround(StrEnum):
    """Why a plan never bound."""

    WRONG_STUDENT = "wrong_student"
    DUPLICATE = "duplicate"


class RemovalSetting(StrEnum):
    """Where a student is during a disciplinary removal."""

    OUT_OF_SCHOOL = "out_of_school"
    """Out-of-school suspension."""
    IN_SCHOOL = "in_school"
    """In-school suspension."""
    BUS = "bus"
    """Suspension from the bus."""
    INTERIM_SETTING = "interim_setting"
    """An interim alternative educational setting (300.530(g), 300.531)."""
    EXPULSION = "expulsion"
    SENT_HOME = "sent_home"
    """Asked to be picked up, or kept at home, by whatever name."""


class SpecialCircumstance(StrEnum):
    """For what a student may be elsewhere for 45 school days whatever the review finds (300.530(g))."""

    WEAPON = "weapon"
    DRUGS = "drugs"
    SERIOUS_INJURY = "serious_injury"


class RemovalGround(StrEnum):
    """Why it was looked at whether removals are a change of placement (300.536)."""

    CONSECUTIVE = "consecutive"
    """More than ten consecutive school days."""
    PATTERN = "pattern"
    """A series of more than ten in the school year."""
    SPECIAL_CIRCUMSTANCE = "special_circumstance"


class ManifestationStep(StrEnum):
    """What follows from a manifestation (300.530(f))."""

    BEHAVIOR_ASSESSMENT_STARTED = "behavior_assessment_started"
    BEHAVIOR_PLAN_MADE = "behavior_plan_made"
    BEHAVIOR_PLAN_REVIEWED = "behavior_plan_reviewed"
    RETURNED = "returned"
    PLACEMENT_AGREED = "placement_agreed"


class RecordsAnswer(StrEnum):
    """How a former school answered the request for records."""

    RECEIVED = "received"
    IN_PART = "in_part"
    REFUSED = "refused"
    NONE_KEPT = "none_kept"


class TransferOutcome(StrEnum):
    """What took the place of comparable services."""

    PLAN_ADOPTED = "plan_adopted"
    """The district took over the plan the student came with (within a state, 300.323(e)(1))."""
    NEW_PLAN = "new_plan"
    """The district made its own."""
    FOUND_INELIGIBLE = "found_ineligible"
    SERVICES_REFUSED = "services_refused"
    LEFT = "left"


class RequestKind(StrEnum):
    """What a parent or adult student asks for."""

    RECORDS = "records"
    MEETING = "meeting"
    AMENDMENT_OF_RECORD = "amendment_of_record"
    INDEPENDENT_EVALUATION = "independent_evaluation"
    LANGUAGE = "language"
    INTERPRETER = "interpreter"
    PAPER = "paper"
    PROCEDURAL_SAFEGUARDS = "procedural_safeguards"
    """Another copy of the booklet, 300.504(a)(4)."""
    OTHER = "other"


class RequestOutcome(StrEnum):
    """How the district answered a request."""

    GRANTED = "granted"
    """The record was shown, or changed and the person told so; the evaluation is paid for; the meeting is held."""
    GRANTED_IN_PART = "granted_in_part"
    REFUSED = "refused"
    HEARING_FILED = "hearing_filed"
    """Of an independent evaluation only: the district asks for a hearing to show that its own is right (300.502(b)(2))."""
    WITHDRAWN = "withdrawn"
    """By whoever asked."""


class DisputeKind(StrEnum):
    """The ways of IDEA to settle a dispute."""

    STATE_COMPLAINT = "state_complaint"
    """34 CFR 300.151-153."""
    DUE_PROCESS_COMPLAINT = "due_process_complaint"
    """34 CFR 300.507-518."""
    MEDIATION = "mediation"
    """34 CFR 300.506."""


class DisputeParty(StrEnum):
    """Who files."""

    FAMILY = "family"
    """A parent, or the adult student."""
    DISTRICT = "district"
    OTHER = "other"
    """An organization or individual: of a state complaint only."""


class DisputeStep(StrEnum):
    """What happens on the way to an outcome."""

    RESPONSE_SENT = "response_sent"
    RESOLUTION_MEETING_HELD = "resolution_meeting_held"
    RESOLUTION_WAIVED = "resolution_waived"
    """Both agree in writing to waive it, or that no agreement is possible (300.510(c)): the time to decide begins."""
    MEDIATION_HELD = "mediation_held"
    HEARING_HELD = "hearing_held"
    TIME_EXTENDED = "time_extended"
    """By who decides, for a reason (300.152(b), 300.515(c))."""


class DisputeOutcome(StrEnum):
    """How a dispute ended."""

    AGREED = "agreed"
    DECIDED_FOR_FAMILY = "decided_for_family"
    DECIDED_FOR_DISTRICT = "decided_for_district"
    DECIDED_IN_PART = "decided_in_part"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"
    NO_AGREEMENT = "no_agreement"
    """Of mediation."""


class StayPutGround(StrEnum):
    """Why the placement may change although a due process complaint is open (300.518)."""

    AGREED = "agreed"
    """The district and who decides for the student agree otherwise (300.518(a))."""
    ORDERED = "ordered"
    """A hearing officer or court orders it (300.518(d), 300.532(b))."""
    DISCIPLINE = "discipline"
    """Under 34 CFR 300.530-533."""


class Channel(StrEnum):
    """How something is given to a person."""

    EMAIL = "email"
    LETTER = "letter"
    HANDED_OVER = "handed_over"
    READ_ALOUD = "read_aloud"
    """Told in the person's language or mode, where writing does not serve (300.503(c)(2))."""


class RequestVia(StrEnum):
    """By which way an answer or request came in."""

    NOTICE_LINK = "notice_link"
    """On the page of a notice, after its check."""
    LETTER = "letter"
    EMAIL = "email"
    PHONE = "phone"
    IN_PERSON = "in_person"
    VENDOR = "vendor"
    """Through another system."""


class CommunicationMode(StrEnum):
    """In which form somebody reads or hears what is given (300.503(c), 300.29)."""

    WRITTEN = "written"
    LARGE_PRINT = "large_print"
    BRAILLE = "braille"
    ORAL = "oral"
    SIGN_LANGUAGE = "sign_language"


class NoticeKind(StrEnum):
    """What a notice is."""

    PRIOR_WRITTEN_NOTICE = "prior_written_notice"
    """34 CFR 300.503."""
    SECTION_504_NOTICE = "section_504_notice"
    """Notice of an action about identification, evaluation or placement, 34 CFR 104.36."""
    CORRECTION_NOTICE = "correction_notice"
    """The record was corrected, or a plan was void: whoever had relied on it is told."""
    MEETING_NOTICE = "meeting_notice"
    """Of a meeting, early enough to come, 34 CFR 300.322(a)(1), (b)."""
    PROCEDURAL_SAFEGUARDS = "procedural_safeguards"
    """The booklet itself, 34 CFR 300.504."""
    PROGRESS_REPORT = "progress_report"
    """34 CFR 300.320(a)(3)(ii)."""
    RIGHTS_TRANSFER = "rights_transfer"
    """The rights have passed to the student, told to student and parents, 34 CFR 300.520(a)(3)."""
    DESTRUCTION_NOTICE = "destruction_notice"
    """The record is no longer needed to provide services, 34 CFR 300.624(a)."""


class NoticeOccasion(StrEnum):
    """Why a notice is owed: what happened, by the rule that makes it so."""

    AMENDMENT_PROPOSED = "amendment_proposed"
    PLAN_ADOPTED = "plan_adopted"
    """A first plan or a year's new one, of which no notice had been given before."""
    EVALUATION_PROPOSED = "evaluation_proposed"
    """Consent to evaluate was asked, 300.300(a)(1)(i)."""
    EVALUATION_REFUSED = "evaluation_refused"
    ELIGIBILITY_DETERMINED = "eligibility_determined"
    PLACEMENT_CHANGED = "placement_changed"
    """By a disciplinary removal, told on the day of the decision with the booklet, 300.530(h)."""
    REQUEST_REFUSED = "request_refused"
    CONSENT_REVOKED = "consent_revoked"
    """Before the services stop, 300.300(b)(4)(i)."""
    PLAN_ENDED = "plan_ended"
    RECORD_CORRECTED = "record_corrected"
    PLAN_VOIDED = "plan_voided"
    MEETING_SCHEDULED = "meeting_scheduled"
    SCHOOL_YEAR = "school_year"
    """The booklet, once a school year, 300.504(a)."""
    REFERRAL = "referral"
    """The booklet, upon an initial referral or a parent's request to evaluate, 300.504(a)(1)."""
    STATE_COMPLAINT = "state_complaint"
    """The booklet, upon the first state complaint of a school year, 300.504(a)(2)."""
    DUE_PROCESS_COMPLAINT = "due_process_complaint"
    """The booklet, upon the first due process complaint of a school year, 300.504(a)(2)."""
    DISCIPLINARY_CHANGE = "disciplinary_change"
    """The booklet, on the day of the decision, 300.504(a)(3), 300.530(h)."""
    PARENT_REQUEST = "parent_request"
    """The booklet, upon a parent's request, 300.504(a)(4)."""
    REPORT_ISSUED = "report_issued"
    RIGHTS_TRANSFERRED = "rights_transferred"
    RECORDS_NO_LONGER_NEEDED = "records_no_longer_needed"
    BY_HAND = "by_hand"
    """Somebody at the district made it."""


class NoticeHindrance(StrEnum):
    """Why a notice that is owed cannot go out: a task for a person."""

    HOLDER_NOT_KNOWN = "holder_not_known"
    NOBODY_HOLDS_THE_RIGHT = "nobody_holds_the_right"
    """No rights holder is confirmed to whom it could be given."""
    CONTACT_RESTRICTED = "contact_restricted"
    """Limits on contact, or an order, must be reviewed first."""
    CONTACT_RIGHT_NOT_HELD = "contact_right_not_held"
    NO_DISTRICT_PROFILE = "no_district_profile"
    TEXT_NOT_GIVEN = "text_not_given"
    """What it is about is not known here."""
    PART_MISSING = "part_missing"
    """A part it must have has no content; the event names each."""
    PROPOSAL_WAS_REPORTED = "proposal_was_reported"
    """It had happened already: a person says whether notice was given then."""
    MODE_NEEDS_A_PERSON = "mode_needs_a_person"
    """Braille, oral, sign language: somebody has to do it."""
    TO_BE_HANDED_OVER = "to_be_handed_over"
    NO_POSTAL_ADDRESS = "no_postal_address"
    MAIL_IN_DOUBT = "mail_in_doubt"
    """The mail server may or may not have taken it."""
    STEP_FAILED = "step_failed"
    OTHER = "other"


class NoticeLapse(StrEnum):
    """Why a notice that was owed need not, or may not, be given any more."""

    AMENDMENT_WITHDRAWN = "amendment_withdrawn"
    NOTICE_RIGHT_ENDED = "notice_right_ended"
    MEETING_MOVED = "meeting_moved"
    """Another notice tells of the new time."""
    GIVEN_BY_ANOTHER = "given_by_another"
    """A notice made by hand, or recorded with the decision, says it already."""
    OTHER = "other"


class TranslationStatus(StrEnum):
    """How far a wording has been looked at; it stands on every notice."""

    DRAFTED = "drafted"
    REVIEWED = "reviewed"


class WebhookEnd(StrEnum):
    """Why a vendor's endpoint gets nothing any more."""

    FAILING = "failing"
    """It has answered nothing well for days."""
    GONE = "gone"
    """It answered 410."""
    BY_HAND = "by_hand"


class NoticePart(StrEnum):
    """The seven parts of a prior written notice (300.503(b)(1)-(7))."""

    ACTION = "action"
    EXPLANATION = "explanation"
    BASIS = "basis"
    """Each evaluation, assessment, record or report used."""
    SAFEGUARDS = "safeguards"
    HELP = "help"
    OPTIONS = "options"
    OTHER_FACTORS = "other_factors"


class GivenBasis(StrEnum):
    """What shows that a notice was given, and so from which day it counts."""

    HANDED_OVER = "handed_over"
    EMAIL_ACCEPTED = "email_accepted"
    """The holder has elected e-mail (300.505) and the mail server accepted it."""
    MAILING_DAYS_PASSED = "mailing_days_passed"
    READ_ALOUD = "read_aloud"
    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"


class AccessGround(StrEnum):
    """Why somebody may see or receive a student's record (34 CFR 99.10, 99.30, 99.31)."""

    OWN_RECORD = "own_record"
    """The parent or eligible student, 99.10."""
    SCHOOL_OFFICIAL = "school_official"
    """Legitimate educational interest, 99.31(a)(1)(i)(A)."""
    CONTRACTED_PARTY = "contracted_party"
    """A contractor or vendor under the school's direct control, 99.31(a)(1)(i)(B)."""
    CONSENT = "consent"
    """Signed and dated, 99.30."""
    SCHOOL_OF_ENROLLMENT = "school_of_enrollment"
    """99.31(a)(2)."""
    AUDIT_OR_EVALUATION = "audit_or_evaluation"
    """99.31(a)(3)."""
    PARENT_OF_DEPENDENT_STUDENT = "parent_of_dependent_student"
    """99.31(a)(8)."""
    ORDER_OR_SUBPOENA = "order_or_subpoena"
    """99.31(a)(9)."""
    HEALTH_OR_SAFETY_EMERGENCY = "health_or_safety_emergency"
    """99.31(a)(10)."""


class ReleasePurpose(StrEnum):
    """What a release or a packet is for."""

    COLLEGE = "college"
    SCHOOL = "school"
    RECORDS_REQUEST = "records_request"
    OTHER = "other"


class RecordKind(StrEnum):
    """The parts of a student's record that a release or a disclosure names."""

    PLAN = "plan"
    ACCOMMODATIONS = "accommodations"
    EVALUATION_SUMMARY = "evaluation_summary"
    PLAN_HISTORY = "plan_history"
    PROGRESS = "progress"
    SERVICE_RECORD = "service_record"
    NOTICES = "notices"
    WHOLE_RECORD = "whole_record"


class SessionStatus(StrEnum):
    """How a session that took place went; one that did not is `progress.session_missed`."""

    DELIVERED = "delivered"
    PARTIAL = "partial"


class GoalStanding(StrEnum):
    """How a goal, or one of its dated steps, stands."""

    ON_TRACK = "on_track"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNMEASURED = "unmeasured"
    UPCOMING = "upcoming"
    """Its date is still to come."""


class MeasureKind(StrEnum):
    """How a goal's results are counted."""

    COUNT = "count"
    PERCENT = "percent"
    TRIALS = "trials"
    """Trials correct of those attempted: the value is their percentage."""
    RATING = "rating"
    """A rating scale or rubric: the value is the point on it."""
    DURATION = "duration"
    """In the unit the goal names, e.g. minutes."""
    PROMPTING = "prompting"
    """The level of help, from 0 for none (code list ``prompt_level``): a falling value is progress."""


class MakeUpKind(StrEnum):
    """What minutes beside the plan's own are given for."""

    MAKE_UP = "make_up"
    """For sessions that were missed."""
    COMPENSATORY = "compensatory"
    """A remedy: to put the student where the promised services would have (34 CFR 300.151(b), 300.513)."""


class UseOutcome(StrEnum):
    """What became of an accommodation when it was called for."""

    PROVIDED = "provided"
    NOT_PROVIDED = "not_provided"
    DECLINED = "declined"
    """Offered, and the student did without."""


class ServiceName(StrEnum):
    """The four services: each has a topic and a log of its own."""

    PLAN = "plan"
    PROGRESS = "progress"
    NOTIFY = "notify"
    AUDIT = "audit"


class PlanStatus(StrEnum):
    """How a plan stands on a day, as known at an instant."""

    DRAFT = "draft"
    """Nothing of it has been adopted."""
    DROPPED = "dropped"
    NOT_YET_IN_FORCE = "not_yet_in_force"
    """Adopted, for a later day."""
    IN_FORCE = "in_force"
    ENDED = "ended"
    VOID = "void"
    """It never bound; what it said is shown struck through."""
