"""The steps of the funnel and what cohorts did, as figures with a meaning."""

from collections.abc import Mapping
from types import MappingProxyType

from powerbank.analytics.figures.figure import Described, Unit

FUNNEL = (
    Described(
        "signed_up",
        ("Signed up", "दर्ता भए"),
        ("People who made an account in this time.", "यस अवधिमा खाता खोलेका मानिस।"),
        "figure_funnel_days: signed_up",
    ),
    Described(
        "identity_approved",
        ("Identity approved", "पहिचान स्वीकृत"),
        ("Of them, those whose identity is approved by now.", "तीमध्ये अहिलेसम्म पहिचान स्वीकृत भएका।"),
        "figure_funnel_days: verified",
    ),
    Described(
        "topped_up_once",
        ("Topped up", "रकम थपे"),
        ("Of them, those who have paid in through a gateway.", "तीमध्ये गेटवेबाट रकम थपेका।"),
        "figure_funnel_days: topped_up",
    ),
    Described(
        "rented_once",
        ("Rented", "भाडामा लिए"),
        ("Of them, those who have rented.", "तीमध्ये भाडामा लिएका।"),
        "figure_funnel_days: rented",
    ),
    Described(
        "rented_again",
        ("Rented again", "फेरि भाडामा लिए"),
        ("Of them, those who have rented at least twice.", "तीमध्ये कम्तीमा दुई पटक भाडामा लिएका।"),
        "figure_funnel_days: rented_again",
    ),
    Described(
        "again_percent",
        ("Came again", "फेरि आए"),
        ("Of those who have rented, the share that rented again.", "भाडामा लिएकामध्ये फेरि लिनेको अंश।"),
        "100 * rented_again / rented",
        Unit.PERCENT,
    ),
)
COHORTS = (
    Described(
        "cohort_people",
        ("People of the week", "हप्ताका मानिस"),
        ("People who signed up in a week.", "एक हप्तामा दर्ता भएका मानिस।"),
        "figure_funnel_days: signed_up, by week",
    ),
    Described(
        "cohort_active",
        ("Active", "सक्रिय"),
        ("Of them, those who rented in a later week.", "तीमध्ये पछिको हप्तामा भाडामा लिएका।"),
        "figure_cohort_weeks: people",
    ),
    Described(
        "cohort_rentals",
        ("Their rentals", "तिनका भाडा"),
        ("How often they rented in that week.", "त्यस हप्तामा तिनले कति पटक भाडामा लिए।"),
        "figure_cohort_weeks: rentals",
    ),
    Described(
        "retained_percent",
        ("Retained", "टिकेका"),
        ("The share of the people of a week who rented in a later week.", "हप्ताका मानिसमध्ये पछि भाडामा लिनेको अंश।"),
        "100 * cohort_active / cohort_people",
        Unit.PERCENT,
    ),
)
PERSON = Described(
    "revenue_per_active_person",
    ("Revenue per person", "प्रति व्यक्ति आम्दानी"),
    (
        "Revenue of the thirty days up to the end, divided by the people who were active in them.",
        "अन्त्यसम्मका तीस दिनको आम्दानीलाई ती दिनमा सक्रिय मानिसले भाग गरेको।",
    ),
    "revenue of 30 days / active_30_days",
    Unit.MONEY,
)
STEPS: Mapping[str, Described] = MappingProxyType({step.name: step for step in (*FUNNEL, *COHORTS, PERSON)})
