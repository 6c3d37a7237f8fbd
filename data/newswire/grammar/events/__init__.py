"""The kinds of event. Each module holds one family of event functions.

An event function takes the `Desk` of a story (the parameter `d`) and returns a `Story`. To add a kind of event, write
its function in the module of its family, and add the function at the end of `EVENTS`. No other change is necessary.

The generator selects a kind by its position in `EVENTS`. Each change of the length or the order gives another corpus.
"""

from __future__ import annotations

from collections.abc import Callable

from ..desk import Desk, Story
from . import business, crime, culture, disasters, economy, labour, politics, science, sport, transport

EVENTS: tuple[Callable[[Desk], Story], ...] = (
    business.earnings,
    business.merger,
    disasters.flood,
    labour.strike,
    politics.election,
    crime.verdict,
    business.product_recall,
    sport.football_match,
    business.product,
    politics.appointment,
    politics.resignation,
    economy.interest_rate,
    disasters.earthquake,
    culture.festival,
    science.vaccine,
    business.bankruptcy,
    politics.treaty,
    transport.derailment,
    culture.museum_theft,
    disasters.wildfire,
    economy.harvest,
    transport.bridge,
    crime.data_leak,
    labour.wages,
    disasters.drought,
    disasters.building_fire,
    science.satellite,
    labour.layoffs,
    business.factory,
    economy.oil_field,
    economy.economic_figures,
    sport.player_transfer,
    science.excavation,
    transport.shipwreck,
    crime.regulatory_fine,
    disasters.blackout,
    sport.race,
)
KINDS = {function.__name__: function for function in EVENTS}
