"""The economy of a country: interest rates, economic figures, harvests and raw materials."""

from __future__ import annotations

from ..background import market_details
from ..desk import Desk, Story, spelled


def interest_rate(d: Desk) -> Story:
    country, governor, neighbour = d.country(), d.person(), d.country()
    level = f"{d.count(1, 9)}.{d.pick('25', '5', '75')} percent"
    lead, *headlines = d.pick(
        (
            f"[Borrowing will become dearer in {country}, where the central bank [lifted|moved up] its main rate to "
            f"{level} on {d.day()} to [tame|fight] inflation."
            f"|To slow down prices, {country} will have an interest rate of {level} from {d.day()}, more than "
            f"governor {governor} had [hinted at|led markets to expect]."
            f"|Inflation left no choice to governor {governor}: from {d.day()} the main interest rate of "
            f"{country} is [higher|up] at {level}.]",
            f"{country} raises interest rate to {level}",
            f"{country} central bank lifts main rate to {level}",
            f"Loans dearer in {country} as rate reaches {level}",
        ),
        (
            f"[Hoping to [revive|help] the economy, central bank governor {governor} lowered the main interest rate "
            f"of {country} to {level}."
            f"|Loans get cheaper in {country} after governor {governor} and the central bank [brought|took] the main "
            f"rate down to {level}."
            f"|The main interest rate is [lower|down] at {level} in {country}, as central bank governor "
            f"{governor} tries to help the economy.]",
            f"{country} cuts interest rate to {level}",
            f"{country} central bank lowers main rate to {level}",
            f"Loans cheaper in {country} as {governor.last} cuts rate",
        ),
        (
            f"[The central bank of {country} left its main rate at {level} on {d.day()}, as governor {governor} wants "
            "to [wait for|see] new figures."
            f"|No change in {country}: the main interest rate stays at {level}, governor {governor} [announced|said] "
            f"on {d.day()}."
            f"|At {level}, where it was, the central bank of {country} and its governor {governor} "
            f"[left|kept] the main interest rate on {d.day()}.]",
            f"{country} holds interest rate at {level}",
            f"{country} rate stays at {level}, {governor.last} says",
            f"{governor.last} leaves {country} interest rate unchanged",
        ),
        (
            f"[Governor {governor} [told|warned] parliament that borrowing costs in {country} could rise "
            f"[again|further] before {(month := d.month())}."
            f"|Loans in {country} may be dearer by {month}, a speech by central bank governor {governor} "
            f"[suggested|indicated] on {d.day()}.]",
            f"{country} central bank hints at rate rise by {month}",
            f"{governor.last} sees higher {country} rates before {month}",
            f"Loans in {country} may cost more by {month}",
        ),
    )
    distractor = (
        f"Before that the rate [was|stood at] {d.count(1, 9)}.{d.pick('25', '5', '75')} percent, while "
        f"{d.country()} [moved|brought] its own to {d.count(1, 9)}.{d.pick('25', '5', '75')} percent under "
        f"governor {d.person()}."
    )
    details = [
        f"Neighbouring {neighbour} [raised|lowered] its own rate to {d.count(1, 9)}.{d.pick('25', '5', '75')} percent "
        f"in {d.month()}.",
        f"Inflation stands at {d.count(4, 14)}.{d.count(1, 9)} percent, above the target of "
        f"{spelled(d.count(2, 3))} percent.",
        f'"[The bank had little choice|It is too late|Home owners will feel it]," said {d.person()}, an economist at '
        f"{d.company()}.",
        f"The currency [gained|lost] {d.percent(1, 4)} against that of {d.country()}.",
        f"The decision was [unanimous|not unanimous], according to deputy governor {d.person()}.",
    ]
    openers = [
        f"A day earlier the central bank of {neighbour} had [surprised|shocked] markets.",
        f"Economists at {d.company()} had [predicted|expected] a different outcome.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def economic_figures(d: Desk) -> Story:
    country, other, month, minister = d.country(), d.country(), d.month(), d.person()
    rate, years = f"{d.count(1, 14)}.{d.count(1, 9)} percent", d.count(2, 30)
    goods = d.pick("food", "fuel", "rent", "energy", "bread", "clothing")
    wares = d.pick("wine", "machines", "steel", "toys", "cheese", "timber")
    lead, *headlines = d.pick(
        (
            f"[Shoppers in {country} paid {rate} more in {month} than a year before, [chiefly|mostly] because of "
            f"dearer {goods}."
            f"|Dearer {goods} [pushed|drove] the rise of prices in {country} to {rate} in {month}, official figures "
            "show."
            f"|Prices in {country} were {rate} higher in {month} than a year earlier, [chiefly|mostly] "
            f"because {goods} is dearer.]",
            f"{country} inflation hits {rate} on {goods} prices",
            f"Dear {goods} lifts {country} inflation to {rate}",
            f"{country} prices up {rate} in {month}",
        ),
        (
            f"[Thanks to cheaper {goods}, prices in {country} rose by just {rate} in {month}, the [smallest|lowest] "
            f"increase in {spelled(years)} years."
            f"|Not for {spelled(years)} years have prices in {country} [risen|gone up] as little as in {month}, when "
            f"the increase was {rate}.]",
            f"{country} inflation slows to {rate}, lowest in {years} years",
            f"Prices in {country} rise just {rate} in {month}",
            f"{country} price rises smallest in {years} years",
        ),
        (
            f"[Unemployment in {country} [reached|climbed to] {rate} in {month} as factories sent workers home."
            f"|In {month}, {rate} of workers in {country} were [without|looking for] a job, more than in the month "
            "before."
            f"|Factories in {country} [let people go|closed] in {month}, and {rate} of workers had no job.]",
            f"{country} jobless rate climbs to {rate} in {month}",
            f"Unemployment in {country} reaches {rate}",
            f"{rate} of {country} workers without job in {month}",
        ),
        (
            f"[The economy of {country} [shrank|contracted] by {rate} in the half-year to {month}, finance "
            f"minister {minister} said."
            f"|It was a bad season for {country}, whose economy is {rate} smaller than a year ago, according to "
            f"finance minister {minister}."
            f"|Finance minister {minister} told parliament in {country} on {d.day()} that the economy is "
            f"{rate} [smaller|down].]",
            f"{country} economy shrinks {rate}, minister says",
            f"{minister.last}: {country} economy {rate} smaller",
            f"Output in {country} falls {rate}, {minister.last} says",
        ),
        (
            f"[Led by a boom in {wares}, exports from {country} [rose|grew] by {rate} in {month}, the fastest pace in "
            f"{spelled(years)} years."
            f"|{country} sold {rate} more goods abroad in {month} than a year before, [above all|mostly] {wares}, "
            f"finance minister {minister} said.]",
            f"{country} exports grow {rate} on {wares} boom",
            f"{country} sells {rate} more abroad thanks to {wares}",
            f"Demand for {wares} drives {country} exports up {rate}",
        ),
    )
    distractor = (
        f"[The month before|In the spring] the figure was {d.count(1, 14)}.{d.count(1, 9)} percent, and in "
        f"{other} prices rose by {d.count(1, 14)}.{d.count(1, 9)} percent, minister {d.person()} said."
    )
    details = [
        f"In neighbouring {other} the figure was {d.count(1, 14)}.{d.count(1, 9)} percent.",
        f"Economists at {d.company()} had [forecast|expected] {d.count(1, 14)}.{d.count(1, 9)} percent.",
        f'"[Families feel it every day|The worst is over|The numbers speak for themselves]," said {d.person()}, an '
        f"economist at {d.company()}.",
        f"The central bank, led by {d.person()}, [meets|will decide on rates] on {d.day()}.",
        f"A year earlier it had been {d.count(1, 14)}.{d.count(1, 9)} percent.",
    ]
    openers = [
        f"Figures from {other} had [raised|dampened] hopes on {d.day()}.",
        f"Trade minister {d.person()} [had promised|promised] better numbers in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def harvest(d: Desk) -> Story:
    country, other, amount, size = d.country(), d.country(), d.count(3, 90), d.count(3, 45)
    crop = d.pick("wheat", "maize", "rice", "barley", "cotton", "sugar", "coffee", "soybean")
    up = "soar" if size >= 25 else "rise"
    down = "slump" if size >= 25 else "drop"
    reason, short = d.pick(
        ("a late frost", "frost"), ("a plague of beetles", "beetles"), ("too much rain", "rain"), ("hot winds", "heat")
    )
    lead, *headlines = d.pick(
        (
            f"[Farmers in {country} will bring in {amount} million tonnes of {crop} this year, {size} percent more "
            "than last season, the farm ministry [predicts|expects]."
            f"|The {crop} harvest of {country} will be {size} percent larger this season and [reach|come to] {amount} "
            "million tonnes."
            f"|This year the fields of {country} will [give|yield] {amount} million tonnes of {crop}, or "
            f"{size} percent more than last season.]",
            f"{country} {crop} crop to {up} {size} percent",
            f"{country} expects {amount} million tonnes of {crop}",
            f"{country} farmers to bring in {size} percent more {crop}",
        ),
        (
            f"[Because of {reason}, the {crop} harvest in {country} will be {size} percent smaller at {amount} "
            "million tonnes, according to [traders|the farm ministry]."
            f"|Farmers in {country} have [suffered from|had] {reason} and will bring in only {amount} million tonnes "
            f"of {crop}, {size} percent less."
            f"|Only {amount} million tonnes of {crop} are expected in {country}, a [loss|drop] of {size} "
            f"percent after {reason}.]",
            f"{country} {crop} crop to {down} {size} percent on {short}",
            f"{short.capitalize()} to cut {country} {crop} harvest by {size} percent",
            f"{country} {crop} harvest falls to {amount} million tonnes",
        ),
        (
            f"[With {crop} [scarce|short] after {reason}, {country} will [not let any leave|keep all of it in] the "
            f"country until {(month := d.month())}."
            f"|Until {month}, no ship with {crop} may leave {country}, which has [suffered|had] {reason} and fears "
            "shortages.]",
            f"{country} bans {crop} exports until {month}",
            f"{country} keeps {crop} at home until {month}",
            f"No {crop} to leave {country} before {month}",
        ),
        (
            f"[Mills in {country} have [ordered|bought] {amount} million tonnes of {crop} from {other} after {reason} "
            "spoiled the fields at home."
            f"|Since {reason} spoiled its own fields, {country} will [get|receive] {amount} million tonnes of {crop} "
            f"from {other}.]",
            f"{country} buys {amount} million tonnes of {other} {crop}",
            f"{other} sells {amount} million tonnes of {crop} to {country}",
            f"{country} turns to {other} for {crop} after {short}",
        ),
    )
    distractor = (
        f"Last season {country} brought in {d.count(3, 90)} million tonnes of {crop}, {d.percent(3, 45)} "
        f"[more|less] than before, and {d.country()} [sold|bought] {d.count(3, 90)} million tonnes."
    )
    details = [
        f"Prices in {d.place()} [rose|fell] {d.percent(1, 9)} to ${d.round(120, 900)} a tonne.",
        f"In {d.country()} the outlook is [better|worse], with {d.count(3, 90)} million tonnes expected.",
        f'"[The fields look good|It has been a hard year|Our silos are full]," said {d.person()}, who farms near '
        f"{d.place()}.",
        f"Last year's harvest came to {d.count(3, 90)} million tonnes.",
        f"Traders at {d.company()} [doubt the figures|had expected less|had expected more].",
    ]
    openers = [
        f"In {d.country()} the harvest is already over, and {d.count(3, 90)} million tonnes are in store.",
        f"Trader {d.person()} of {d.company()} travelled through the fields in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def oil_field(d: Desk) -> Story:
    company, country, place, other, amount = d.company(), d.country(), d.place(), d.country(), d.count(2, 90) * 10
    thing = d.pick("oil", "gas", "copper", "lithium", "gold")
    lead, *headlines = d.pick(
        (
            f"[Drilling [off the coast|in the hills|in the desert] of {country} has [paid off|ended well] for "
            f"{company}, which [came upon|struck] a large field of {thing} near {place}."
            f"|A large field of {thing} [lies|was discovered] beneath {place}, {company} said on {d.day()}, and "
            f"{country} can hope for new income."
            f"|Near {place}, in {country}, the drills of {company} [hit|reached] a large field of {thing}.]",
            f"{company} finds {thing} near {place} in {country}",
            f"{company} strikes large {thing} field at {place}",
            f"{country} hopes for income as {company} discovers {thing}",
        ),
        (
            f"[{country} will let {company} look for {thing} around {place} for {spelled(years := d.count(5, 30))} "
            f"years, [turning down|against the wishes of] {other}."
            f"|For {spelled(years)} years only {company} may [take|bring] {thing} out of the ground of {country}, "
            f"around {place}, and {other} goes away with nothing.]",
            f"{company} wins {years}-year {country} {thing} licence",
            f"{country} opens {place} to {company} for {thing}",
            f"{country} prefers {company} to {other} for {thing}",
        ),
        (
            f"[After a leak, {company} [closed|turned off] its {thing} field at {place} on {d.day()}, which supplies "
            f"much of {country}."
            f"|No {thing} is coming out of the field at {place} since {d.day()}, where {company} found a leak, and "
            f"{country} fears shortages."
            f"|A leak was [found|reported] on {d.day()} in the field at {place} where {company} gets {thing} "
            f"for {country}, and nothing flows any more.]",
            f"Leak shuts {company} {thing} field at {place}",
            f"{company} stops {thing} at {place} after leak",
            f"{country} {thing} supply hit by {place} accident",
        ),
        (
            f"[{country} [is taking|took] the {thing} fields at {place} away from {company}, which it accuses of "
            "paying too little tax."
            f"|Soldiers [stood|moved in] on {d.day()} at the {thing} fields of {company} at {place}, which now belong "
            f"to {country}.]",
            f"{country} seizes {company} {thing} fields at {place}",
            f"{company} loses {thing} fields in {country}",
            f"{country} takes {place} {thing} from {company}",
        ),
    )
    distractor = f"{d.before()} {d.company()} [struck|lost] a field of {thing} near {d.place()}, in {d.country()}."
    details = [
        *market_details(d, company)[:4],
        f"In {d.count(2005, 2023)} the region [produced|supplied] {amount} tonnes of {thing} a day.",
        f"{d.company()} gave up its search near {d.place()} in {d.count(1995, 2020)}.",
        f"Prices [rose|fell] {d.percent(1, 7)} after the news, dealers in {d.place()} said.",
        f"Environment groups led by {d.person()} [fear|warned of] damage to the coast.",
    ]
    openers = [
        f"A find of {thing} near {d.place()} made headlines in {other} last {d.month()}.",
        f"Geologist {d.person()} had [believed in|told everybody about] the region since {d.count(1980, 2010)}.",
    ]
    return Story(lead, headlines, distractor, details, openers)
