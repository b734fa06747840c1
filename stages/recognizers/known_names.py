"""Names that many people bear, and words that are no names: what tells a person from other things after `Name:`.

The lists are written from general knowledge; they need no source, as each holds only what is widespread.
"""

from __future__ import annotations

import unicodedata


def listed(words: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(words.split())


GIVEN = frozenset(
    listed(
        """
    aarav aaron abdul abdullah abena abigail adaeze adam adel aditya adrian adriana agnes agnieszka ahmad ahmed
    aiden aino aisha akash akinyi akira akua alan albert alberto alejandra alejandro aleksandr aleksei alessandro
    alessia alex alexander alexandra alexandre alexei alexis alfred ali alice alicia alina alison allen allison
    alyssa amanda amara amber amelia amina amir amit amy ana anastasia anastasiya andre andrea andreas andreea
    andrei andres andrew andriy andrzej andy angela angelica angelina angus anil anita anja anjali anke ann anna
    anne annette annie anselm anthony antje antoine anton antonio aoife arjun arnold arthur arturo arun ashley ashok
    astrid audrey aurora ava ayesha ayse barbara beatrice beatriz ben benjamin bernard bernd bernhard beth bethany
    betty beverly bilal billy birgit bjarne bjorn blake bob bobby bogdan bohdan bonnie brad bradley brandi brandon
    brenda brendan brent brett brian bridget brittany brooke bruce bruna bruno bryan burak caio caitlin calvin
    cameron camille carl carla carlos carmen carol carole caroline carolyn carrie carys catherine cathy cecilia cem
    cesar charlene charles charlie charlotte chelsea cheryl chiara chidi chinedu chioma chloe chris christian
    christina christine christoph christophe christopher ciaran cindy claire clara clarence claude claudia clifford
    cody colin colleen connie connor consuelo corey courtney craig cristian cristina crystal curtis cynthia dale
    damian damien dan dana daniel daniela danielle danny darius darlene darrell darren dave david davide dawn dean
    debbie deborah debra deepak deepika denis denise deniz dennis derek derrick diana diane diego dieter dimitri
    dimitris dirk divya dmitri dmitry dmytro dominic dominik dominique don donald donna doris dorothy doug douglas
    duane duc dustin dylan earl ece ed eddie edgar edith eduardo edward edwin eileen eino ekaterina elaine elena
    eleni eli elias elif elijah elin elisa elisabeth elizabeth ella ellen emeka emily emma emmanuel emre enrique
    enzo eoin eric erica erik erika erin ernest ernesto esteban esther ethan eugene eunji eva evan evelyn ewa fabian
    farah fatima fatma federica felicia felipe felix femi fernanda fernando finn fiona florence florian frances
    francesca francesco francis francisco francois frank franz fred frederic frederick fredrik freja friedrich fritz
    gabor gabriel gabriela gabrielle gail galina gareth gary gaurav gavin genevieve geoff geoffrey georg george
    gerald gerard gerhard gertrude gilbert giorgos giovanni giulia giuseppe gladys glenn gloria gordon graham greg
    gregory gretchen guadalupe gudrun guillaume guillermo gunter gustav gustavo guy hakan hamish hamza hana hanan
    hannah hans harold harriet harry haruka harvey hasan hassan heather hector heidi heike heinrich heinz helen
    helena helga helmut henri henrik henry herbert herman hiroshi holly horst howard huda hugh hugo huong husain
    hussain hussein hyun ian ibrahim ida ignacio igor ilaria ilona imran ines ingrid ioana irene iris iryna isaac
    isabel isabella isabelle isla ismail istvan ivan ivy jack jackie jackson jacob jacqueline jacques jaime jake
    jamal james jamie jamila jan jana jane janet janice jared jaroslav jasmine jason javier jay jayden jean jeanette
    jeanne jeff jeffery jeffrey jenna jennifer jenny jens jeremiah jeremy jerome jerry jesse jessica jesus jihoon
    jill jim jimmy jiri jiwoo joan joann joanna joanne joao joaquin jochen joe joel joerg johan johann johanna
    johannes john johnny jon jonas jonathan jordan jorg jorge jose josef joseph josephine joshua joyce juan juanita
    judith judy juha jules julia julian juliana julie julien juliette julio jurgen justin kaitlyn kamau karan kareem
    karen karim karin karl karla katalin katarzyna kate katerina kateryna katharina katherine kathleen kathryn kathy
    katie katja katrina kavita kayla kazuki keiko keith kelly kelsey ken kenji kenneth kerem kerry kevin khadija
    khaled khalid kim kimberly kiran klaus kofi kostas kristen kristin kristina krzysztof kumar kurt kwame kwesi
    kyle laila lakshmi lance larissa larry lars laszlo latoya laura lauren laurent laurie lawrence layla leah lee
    leila lena leo leon leonard leonardo leroy leslie liam lila linda lindsay lindsey linnea lisa lloyd logan lois
    lorenzo loretta lori lorraine louis louise lourdes lucas lucia lucy ludmila ludwig luigi luis luisa luiz lukas
    luke lydia lynn lyudmila mackenzie madeline madison magdalena maggie magnus mahmoud mahmud maja malcolm
    malgorzata malik manfred manish manoj manon manuel marc marcel marcia marco marcos marcus marek margaret
    margarita maria mariam marie marilyn mario marion marissa marjorie mark markus marlene marsha marta martha
    martin martina marvin mary maryam mathieu mathilde matias matilda matt matteo matthew matthias matti maureen
    maurice maxime meera megan mehmet melanie melissa melvin mercedes meredith mia micah michael michaela michal
    michel michele michelle miguel mihai mike mikhail mila milan mildred mindy minho minjun miriam misty mitchell
    mohamed mohammad mohammed mohan moira molly monica monika monique morgan moritz muhammad muhammed murat mustafa
    mykola myra nabil nadia nancy naoko naomi nasser natalia natalie natasha nathalie nathan nathaniel neha neil
    nellie nelson ngoc ngozi nia niamh niccolo nicholas nick nico nicola nicolas nicole nigel nikhil nikolai nikolay
    nikos nils nina nisha njoroge noah noel nora norma norman nuria octavia oksana olena olga oliver olivia olivier
    oluwaseun omar omer osama oscar otieno otto owen pablo padraig paige pamela paola paolo pascal patricia patrick
    patrizia paul paula pauline pavel pawel pedro peggy pekka penelope peter petra phil philip philipp philippe
    phillip phuong phyllis pierre pieter pilar piotr pooja pradeep prakash priya quentin rachel radu rafael rafaela
    rahul raj rajesh ralph ramon randall randy rania raphael raquel rashid raul ravi ray raymond rebecca reem regina
    reginald renata renate rene rhonda rhys ricardo richard rick ricky rita robert roberta roberto robin rocio
    rodney rodrigo roger rohan rohit roland rolf romain roman ron ronald ronnie rosa rosalie rosemary roy ruben
    rudolf russell ruth ryan sabine sabrina sachin saeed sakura sally salma salman sam samantha sami samir samira
    samuel sandeep sandra sanjay santiago sara sarah sasha satoshi saul scarlett scott sean sebastian selin seojun
    serge sergei sergey sergio seth shane shannon sharon shaun shawn sheila shelby shelley sherry sheryl shirley
    shreya sigrid silke silvia simon simone siobhan sipho sofia sonia sonja soojin sophia sophie soren stacey stacy
    stanley stefan stefanie stella stephan stephane stephanie stephen steve steven stuart sue sunil sunita suresh
    susan susanne suzanne sven svetlana swati sylvia sylvie takashi takeshi tamara tammy tanya tara taras tarek
    tariq tatiana taylor ted teresa terrance terri terry thandiwe thea themba theo theodor theodore theresa therese
    thiago thibault thierry thomas thorsten tiffany tim timo timothy tina tobias todd tolga tom tomas tomasz tommy
    toni tony tonya torsten tracey traci tracy travis trevor tricia tristan troy tuan tunde tyler ulrich ulrike
    ursula uwe valentina valeria valerie vanessa vera vernon veronica veronique vicki vickie vicky victor victoria
    vijay vikram vincent vincenzo vinod virginia vitor vivek vivian vladimir waleed walid walter wanda wanjiru
    warren wayne wei wendy werner wesley wilhelm william willie winston wolfgang xavier xenia xiaoming xiaoyu xiulan
    yahya yan yannis yasmin yasser yemi yolanda yousef youssef yuki yuko yulia yusef yusuf yves yvette yvonne
    zachary zahra zainab zdenek zeynep ziad zoe zofia zsolt
    """
    )
)
"""Given names in lower case and without accents; those that are also common words (April, Grant, Will) are left out."""

SURNAMES = frozenset(
    listed(
        """
    adams aguilar ahmed alexander alvarez andersen anderson andrews armstrong arnold bailey baker barnes becker
    bennett bernard boyd bradley brooks bryant burke burns campbell carlson carpenter carroll castillo castro
    chavez chen clark clarke coleman collins contreras cooper cox crawford cruz cunningham davies davis delgado
    diaz doe dubois duncan dunn durand edwards ellis evans fernandez ferguson ferrari fischer fisher fleming
    fletcher flores foster freeman garcia gardner garza gibson gomez gonzales gonzalez gordon graham greene
    griffin gupta gutierrez guzman hansen hanson harris harrison hartmann harvey hawkins henderson hernandez
    herrera hicks hoffman hoffmann holmes howard hudson hughes hunter ivanov jackson jacobs james jenkins jensen
    jimenez johansson johnson johnston jones jordan kaur kelley kelly kennedy khan knight koch kowalski kumar
    lambert larsen larson lawrence lee lefebvre leroy lewis lopez marshall martin martinez mccarthy mccoy
    mcdonald mendez mendoza meyer miller mills mitchell molina moore morales moreau moreno morgan morris
    morrison moss muller munoz murphy murray myers nakamura nelson newman nguyen nichols nielsen novak obrien
    oconnor olson oneill ortega ortiz owens palmer patel patterson payne perez perkins perry peters petersen
    peterson petrov phillips popov porter powell pratt quinn ramirez ramos reid reyes reynolds richards
    richardson rivera roberts robertson robinson rodriguez rogers romero rossi rousseau ruiz russell russo ryan
    salazar sanchez sanders santiago santos sato schmidt schmitt schneider schroeder schulz schwartz scott shah
    sharma shaw silva simmons simpson singh smith snyder soto spencer stephens stevens stevenson stewart suarez
    sullivan suzuki tanaka taylor thomas thompson torres tucker turner valdez vargas vasquez vazquez wagner
    wallace walsh wang watkins watson weaver weber zhou zhao zhu liu lin huang xu guo luo zheng liang xie tang
    deng cao peng zeng tian jiang choi webster wheeler williams williamson willis wilson wong wright yamamoto
    yang zhang zimmermann
    """
    )
)
"""Family names in the same form, and without apostrophes; those that are also common words (Green, King) are left
out."""

PARTICLES = frozenset(
    listed(
        """
    al bin bint da dal das de del den der di do dos du e el ibn la le los ter van von y zu
    """
    )
)
"""Words within a name that may begin with a small letter."""

AFTER_NAMES = frozenset(
    listed(
        """
    jr sr ii iii iv md phd dds dvm esq mba cpa
    """
    )
)
TITLES = listed(
    """
    Mr Mrs Ms Miss Mx Dr Prof Professor Rev Reverend Sir Dame Lord Lady Madam Mister Capt Captain Sgt Sergeant
    Lieutenant Colonel Hon Judge Senator Pastor Herr Frau Monsieur Madame Mademoiselle Mme Mlle Señor Señora
    Señorita Sr Sra Signor Signora Signore Senhor Senhora
    """
)

NOT_NAMES = frozenset(
    listed(
        """
    a about above academy access account accounting accounts acme action active add address admin administration
    administrator admins admission admissions adobe ads advertising advisors aerospace affairs after agency agent
    airlines airport airways alert alerts all allergies allied alpha also alumni amazon america american an
    analytics and anonymous any anyone apache apartments apex api app apparel applicable applicant applicants
    application applications applies apply apps april archivo are area arena arial art article arts as asap
    ascending asociacion assistant associates association assurance at athletics attached attorneys attribute audit
    auditing august author authority authors auto automotive aviation ayuntamiento back bakery banco bank banque
    base be bean because before below benefits beta beverages big bill billing biotech block blue board body book
    bookings books bookstore bot bots boulevard boutique box branch brewery brewing briefing broadband browser
    buenos bug build builder building bureau burger bursar business but button buy buyer by bytes cafe call can card
    care cargo case cat category catering cathedral center central centre chair chairman chambre change changes
    channel chapter check chemicals chest chief child church cinemas citizen citizens city claim claims class client
    clinic clinical close clothing cloud club code collections college column com comment commission committee
    commons communication communications community compania company complaint compliance component computer
    concerned conditions conference config configuration confirmation congress connection construction consultants
    consulting consumer consumers contact content context contoso contracting contractor contractors contributor
    contributors control copy cordially core corp corporation cosmetics council count country county courier course
    court create credit crime current custom customer customers daily dairy dashboard data database date day days
    dealer dealers dear debit debug december default delete deliveries delivery deluxe demo denies dental dentistry
    department deploy dept descending description design designer desk detail details dev developer development
    device diagnosis diagnostics dictionary digest digital diner dir direct director discharge dispatch display
    distribution distributors district division do dock document documentation documents dog domain donations donor
    donors double download driver dynamics earth east ebay ecole edit editor editorial education electric electrical
    electronic electronics elementary email emergency employee empresa empty en enable enclosed end energy engine
    engineer engineering english enrollment enrolment enter enterprise enterprises entertainment entity entry env
    environment error escuela estates event events every everybody everyone example executive exports extension
    external fabrics fabrikam facebook facilities facility faculty faithfully false family farm farms fashions
    feature february federal fichier field fight file files fill finance financial find firefox first fitness float
    floor folder follow following food foods for forest form format forum foundation free freight friday from front
    fulfillment fulfilment full function fundacion furniture game gas gateway gemeinde gender general get github
    global gmbh go gold good google government graduate grand graphics great green grill group guest guide
    guild gym handbook handler hardware has hash hauptbahnhof have he health hello help helvetica here high hiring
    his history holding holdings hollywood home homeowner homeowners horizon horizons hospice hospital hosting hotel
    hour house housekeeping how html http human i icon id if image import important imports in inc index industries
    info information initiative inn innovations input insert instagram institute instruments insurance insured int
    integer intel interactive interface internal international internet interval introduction invalid investment
    investments investors iron is issue it item items january java javascript jewelers job join journal json july
    june just key kids kit lab label laboratories laboratory labs lake landscaping language last law layer league
    learning leasing legal lending length let level library license licensing light like limit limited line link
    linkedin linux list litigation live llc load loading loan loans local log logger login logistics ltd machine
    machinery mail mailroom main maintainer maintainers maintenance mairie maker management manager manufacturing
    map march market marketing master math may media medication medications meeting mega member members memory menu
    merkle message meta metals method metrics microsoft middle mile military minerals mini mining minister ministry
    missing mobile mode model moderator moderators mods module monday money monitor month monthly more mortgage most
    motel motors mount mozilla multiple museum music my n name named namespace national net netflix network
    networking networks neuer never new newbie news newsletter newsroom next nil no nobody node nokia none north
    northwind not note notes nothing notice notification notifications nouveau november now nuevo null number nvidia
    object occupant october of off office officer official oil ok old on once one online only open operations
    operator option optional options or oracle order ordner org organization origin original other others our out
    outfitters output outreach over overflow overview owner package page pain parent park parliament part partner
    partners party password path pattern payable payment payments paypal payroll pediatrics pending people
    permissions person personnel petroleum pharma pharmaceuticals pharmacy phone photo photography php phusion
    pinnacle pipeline pipelines pizza pizzeria place plan plastics platform play please plugin plumbing png point
    police policy political port porters position post power pre premier premium presents president press preview
    price primary print printing private prize pro problem procedure procedures process processing procurement
    product production productions profile program programme project projects promotions proof properties property
    protocol provider public publisher publishing pull purchase purchaser purchasing push python quality query
    question quick random range rate read reader ready real realtors realty receipts receivable receiving reception
    receptionist recipient recipients record recruiting recruitment red refer reference refunds regards regional
    registrar relations release remote remove rental rentals report reports repository representative request
    required research reservations resident residents resort resorts resource resources respectfully response
    restaurant restrictions result retail retailer retriever return returns review right river road robotics role
    roofing root rosaceae route router row rule run runtime rust safe sales salon same sample samsung san santa
    saturday save scale schedule scheduling school schule science screen script search second secret secretary
    section secure security see select seller semiconductors senate sender senior september server service services
    servicing session set setting settings share she shipping shop should show signature simple sincerely single
    site size sky smart social sociedad societe society software solutions solved some somebody someone sons sony
    source south spa spam speaker special sporting sports spotify stack stadium stadtwerke staff standard starbucks
    start state states static station status steel step stiftung storage store stream street string structure studio
    studios style subject submit subscriber subscribers subscriptions summit sunday sunrise sunset super supplier
    suppliers supplies supply support sure surname symptoms system systems table tag tailspin target task tax taxes
    team teams tech technical technologies technology telecom template temple tenant tenants term terminal terms
    test testing text textiles thanks that the theater theatre their them then there these they this thursday time
    title to today token tool tools top total tower towers town toys track trade trader traders trading trail train
    training treasurer treasury treatment true truly trust trustees tuesday tutorial twitter two type ubuntu uk
    ultra undergraduate undisclosed unit united universal universidad universitat universite university unknown
    unnamed untitled up update url us usa use user username users utf uuid valid value varchar variable various
    vendor vendors venture ventures verdana verein version very video view village vineyards virtual void volunteer
    volunteers warehouse was watch we web website wednesday week weekly welcome west what when where which white who
    wholesale why widget widgets wiki wikipedia will win window windows winery wireless with word work worker
    workflow workspace world would write x xml yaml year yes you your yours youtube zone
    """
    )
)
"""Words in lower case that names do not hold, though forms, headings, products and firms do."""


ALSO_SURNAMES = frozenset(
    listed(
        """
    art bean bell bishop black blue book books burger bush case chase church clay coffee cook day dean earl english
    field fields fox france frost good grant gray green hall heath hill holland hope house jan july june king
    lake lane law light long love major march marsh may middle miles mount north page park parks poole pope post
    power price read rich rivers rose rush sales smart south steel street summers tower towers true wall waters way
    west white will wise wood woods word young
    """
    )
)
"""Of those, the ones that are family names too, behind a given name."""
ALSO_GIVEN = frozenset(
    listed(
        """
    april august bill grant june loan may page will
    """
    )
)
"""Of those, the ones that are given names too, before what may be a family name."""


def folded(word: str) -> str:
    """A word in lower case, without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", word.lower()) if not word.isascii() else word.lower()
    return "".join(character for character in plain if character.isalpha() or character == "-")


def is_known(words: list[str]) -> bool:
    """Whether people are named so: a widespread given name stands in front, or a widespread family name at an end."""
    ends = [*folded(words[-1]).split("-"), folded(words[0])] if len(words) > 1 else []
    return is_given(words[0]) or not SURNAMES.isdisjoint(ends)


def is_given(word: str) -> bool:
    """Whether it is a widespread given name, or begins with one and a hyphen."""
    return folded(word).split("-")[0] in GIVEN


def has_other_words(words: list[str], is_personal: bool = False) -> bool:
    """Whether one of the words is none that names hold; where a person must stand, the last is taken for a family name
    if it can be one."""
    lowered = [folded(word) for word in words if len(word) > 1]
    if len(lowered) > 1 and lowered[-1] in ALSO_SURNAMES and (is_personal or is_given(words[0])):
        lowered.pop()
    elif len(lowered) > 1 and lowered[0] in ALSO_GIVEN and lowered[-1] not in NOT_NAMES:
        lowered.pop(0)
    return not NOT_NAMES.isdisjoint(lowered)
