import{At as e,Gt as t,Kt as n,Vt as r,Wt as i}from"./first-Dil-COZa.js";var a=n(`match aftercall.knowledge.v1
Match field *terms score:b *synonyms:MatchedSynonym
MatchedSynonym asked found`),o=n(`search aftercall.model.v1
#LinkVerdict UNSPECIFIED RIGHT WRONG`),s=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.RIGHT=1]=`RIGHT`,e[e.WRONG=2]=`WRONG`,e}({}),c=n(`evidence aftercall.model.v1 google.protobuf
#ConfidenceCause UNSPECIFIED CONTRIBUTOR OUTCOMES FLAG_CONFIRMED SOURCE_CHANGED VERIFICATION_EXPIRED RETURNS
#VerificationState UNSPECIFIED CURRENT EXPIRED WITHDRAWN
#SolutionFlagKind UNSPECIFIED DID_NOT_WORK WRONG OUTDATED
#SolutionFlagState UNSPECIFIED OPEN CONFIRMED DISMISSED
#UseOutcome UNSPECIFIED SUCCEEDED FAILED PENDING UNTRACED
#ReviewReason UNSPECIFIED FLAGGED FAILING DUE REJECTED USED
SolutionFlag flag_id solution_id version:m kind#SolutionFlagKind note interaction_id flagged_by flagged_at:1Timestamp state#SolutionFlagState resolved_by resolved_at:1Timestamp resolution_note
SourceCheck uri content_hash checked_at:1Timestamp changed:h
ToldSolution interaction_id customer_id occurred_at:1Timestamp agent_id *uses:SolutionUse outcome#UseOutcome
Review solution_id version:m title priority:d use_count:d failure_count:d rejected_count:d open_flag_count:d checked_at:1Timestamp verify_by:1Timestamp *reasons#ReviewReason *duplicate_of_candidates:DuplicateOfCandidate solution_number
DuplicateOfCandidate solution_id solution_number title score:b`,[e,t]),l=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.CONTRIBUTOR=1]=`CONTRIBUTOR`,e[e.OUTCOMES=2]=`OUTCOMES`,e[e.FLAG_CONFIRMED=3]=`FLAG_CONFIRMED`,e[e.SOURCE_CHANGED=4]=`SOURCE_CHANGED`,e[e.VERIFICATION_EXPIRED=5]=`VERIFICATION_EXPIRED`,e[e.RETURNS=6]=`RETURNS`,e}({}),u=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.CURRENT=1]=`CURRENT`,e[e.EXPIRED=2]=`EXPIRED`,e[e.WITHDRAWN=3]=`WITHDRAWN`,e}({}),d=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.DID_NOT_WORK=1]=`DID_NOT_WORK`,e[e.WRONG=2]=`WRONG`,e[e.OUTDATED=3]=`OUTDATED`,e}({}),f=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.OPEN=1]=`OPEN`,e[e.CONFIRMED=2]=`CONFIRMED`,e[e.DISMISSED=3]=`DISMISSED`,e}({}),p=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.SUCCEEDED=1]=`SUCCEEDED`,e[e.FAILED=2]=`FAILED`,e[e.PENDING=3]=`PENDING`,e[e.UNTRACED=4]=`UNTRACED`,e}({}),m=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.FLAGGED=1]=`FLAGGED`,e[e.FAILING=2]=`FAILING`,e[e.DUE=3]=`DUE`,e[e.REJECTED=4]=`REJECTED`,e[e.USED=5]=`USED`,e}({}),h=n(`solution aftercall.model.v1 google.protobuf
#CaseKind UNSPECIFIED RESOLUTION ESCALATION_OUTCOME CORRECTION
#PersonalKind UNSPECIFIED IBAN CARD_NUMBER MAIL_ADDRESS TELEPHONE_NUMBER HANDLE ID DATE_OF_BIRTH POSTAL_ADDRESS NAME
#CandidateState UNSPECIFIED OPEN PROMOTED CLAIMED PUT_OFF REJECTED MERGED
#VersionState UNSPECIFIED DRAFT IN_REVIEW APPROVED PUBLISHED SUPERSEDED RECALLED RETIRED MERGED
#Audience UNSPECIFIED TEAM CLIENT_ACCOUNT INTERNAL PARTNER CUSTOMER PUBLIC BOT
#Governance UNSPECIFIED EXPERIENCE_BASED COMPLIANCE_BASED
#HarmClass UNSPECIFIED NUISANCE EFFORT MONEY LEGAL SAFETY
#SolutionChangeKind UNSPECIFIED DRAFTED EDITED SUBMITTED CHANGES_REQUESTED TAKEN_BACK DISCARDED APPROVED PUBLISHED ROLLED_BACK RECALLED RETIRED RESTORED MERGED UNMERGED CONFIDENCE_CHANGED=20 FLAGGED FLAG_RESOLVED VERIFIED
#Confidence UNSPECIFIED NOT_VALIDATED VALIDATED WORK_IN_PROGRESS ARCHIVED
Candidate candidate_id reason_code customer_wording resolution workaround case_count:d *interaction_ids first_seen_at:1Timestamp last_seen_at:1Timestamp state#CandidateState solution_id *masked:MaskedWord *variants:CandidateVariant variants_are_cut:h *case_kinds:CaseKindCount handle_time:1Duration timed_case_count:d saved_a_month:1Duration claimed_by until:1Timestamp decided_by decided_at:1Timestamp decision_reason
CandidateVariant candidate_id resolution case_count:d *masked:MaskedWord
CaseKindCount kind#CaseKind case_count:d
MaskedWord field kind#PersonalKind offset:m length:m
Solution solution_id version:m title *question_in_customer_words resolution workaround reason_code confidence#Confidence *origin_interaction_ids published_by published_at:1Timestamp stats:SolutionStats *symptoms=20 *environment:EnvironmentEntry *discriminating_questions cause customer_wording *do_not_say *sources:SolutionSource audience#Audience governance#Governance client_account_id language translation_of owner_group verify_by:1Timestamp effective_from:1Timestamp change_note author *reviewers approved_by approved_at:1Timestamp content_hash state#VersionState sequence:d merged_into replaced_by retired_at:1Timestamp draft_version:m last_verified:SolutionVerification live_version:m *editors submitted_by based_on_version:m drafted_at:1Timestamp recall_id merged_at:1Timestamp effective_to:1Timestamp candidate_id verification_state#VerificationState=60 confidence_cause#ConfidenceCause confidence_changed_at:1Timestamp open_flag_count:d *masked:MaskedWord=57 *lent:LentWords=70 solution_number *duplicate_of_candidates:DuplicateOfCandidate
EnvironmentEntry key value
SolutionSource uri title checked_at:1Timestamp checked_by content_hash
SolutionVerification at:1Timestamp by against
SolutionChange sequence:d kind#SolutionChangeKind version:m state#VersionState actor_id at:1Timestamp reason *changed_fields other_solution_id other_version:m
LentWords candidate_id customer_wording resolution *interaction_ids case_count:d merged_by merged_at:1Timestamp
SolutionStats used_as_is_count:d used_modified_count:d viewed_count:d rejected_count:d distinct_agents_count:d last_used_at:1Timestamp link_count:d success_count:d failure_count:d pending_count:d untraced_count:d wilson_lower:a return_window_days:m=15 this_version:VersionStats search_shown_count:d=40 search_opened_count:d search_used_count:d search_rejected_count:d helpful_count:d unhelpful_count:d
VersionStats version:m used_as_is_count:d used_modified_count:d viewed_count:d rejected_count:d distinct_agents_count:d link_count:d success_count:d failure_count:d pending_count:d untraced_count:d wilson_lower:a told_count:d helpful_count:d unhelpful_count:d`,[c,i,t]),g=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.RESOLUTION=1]=`RESOLUTION`,e[e.ESCALATION_OUTCOME=2]=`ESCALATION_OUTCOME`,e[e.CORRECTION=3]=`CORRECTION`,e}({}),_=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.IBAN=1]=`IBAN`,e[e.CARD_NUMBER=2]=`CARD_NUMBER`,e[e.MAIL_ADDRESS=3]=`MAIL_ADDRESS`,e[e.TELEPHONE_NUMBER=4]=`TELEPHONE_NUMBER`,e[e.HANDLE=5]=`HANDLE`,e[e.ID=6]=`ID`,e[e.DATE_OF_BIRTH=7]=`DATE_OF_BIRTH`,e[e.POSTAL_ADDRESS=8]=`POSTAL_ADDRESS`,e[e.NAME=9]=`NAME`,e}({}),v=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.OPEN=1]=`OPEN`,e[e.PROMOTED=2]=`PROMOTED`,e[e.CLAIMED=3]=`CLAIMED`,e[e.PUT_OFF=4]=`PUT_OFF`,e[e.REJECTED=5]=`REJECTED`,e[e.MERGED=6]=`MERGED`,e}({}),y=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.DRAFT=1]=`DRAFT`,e[e.IN_REVIEW=2]=`IN_REVIEW`,e[e.APPROVED=3]=`APPROVED`,e[e.PUBLISHED=4]=`PUBLISHED`,e[e.SUPERSEDED=5]=`SUPERSEDED`,e[e.RECALLED=6]=`RECALLED`,e[e.RETIRED=7]=`RETIRED`,e[e.MERGED=8]=`MERGED`,e}({}),b=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.TEAM=1]=`TEAM`,e[e.CLIENT_ACCOUNT=2]=`CLIENT_ACCOUNT`,e[e.INTERNAL=3]=`INTERNAL`,e[e.PARTNER=4]=`PARTNER`,e[e.CUSTOMER=5]=`CUSTOMER`,e[e.PUBLIC=6]=`PUBLIC`,e[e.BOT=7]=`BOT`,e}({}),x=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.EXPERIENCE_BASED=1]=`EXPERIENCE_BASED`,e[e.COMPLIANCE_BASED=2]=`COMPLIANCE_BASED`,e}({}),S=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.NUISANCE=1]=`NUISANCE`,e[e.EFFORT=2]=`EFFORT`,e[e.MONEY=3]=`MONEY`,e[e.LEGAL=4]=`LEGAL`,e[e.SAFETY=5]=`SAFETY`,e}({}),C=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.DRAFTED=1]=`DRAFTED`,e[e.EDITED=2]=`EDITED`,e[e.SUBMITTED=3]=`SUBMITTED`,e[e.CHANGES_REQUESTED=4]=`CHANGES_REQUESTED`,e[e.TAKEN_BACK=5]=`TAKEN_BACK`,e[e.DISCARDED=6]=`DISCARDED`,e[e.APPROVED=7]=`APPROVED`,e[e.PUBLISHED=8]=`PUBLISHED`,e[e.ROLLED_BACK=9]=`ROLLED_BACK`,e[e.RECALLED=10]=`RECALLED`,e[e.RETIRED=11]=`RETIRED`,e[e.RESTORED=12]=`RESTORED`,e[e.MERGED=13]=`MERGED`,e[e.UNMERGED=14]=`UNMERGED`,e[e.CONFIDENCE_CHANGED=20]=`CONFIDENCE_CHANGED`,e[e.FLAGGED=21]=`FLAGGED`,e[e.FLAG_RESOLVED=22]=`FLAG_RESOLVED`,e[e.VERIFIED=23]=`VERIFIED`,e}({}),w=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.NOT_VALIDATED=1]=`NOT_VALIDATED`,e[e.VALIDATED=2]=`VALIDATED`,e[e.WORK_IN_PROGRESS=3]=`WORK_IN_PROGRESS`,e[e.ARCHIVED=4]=`ARCHIVED`,e}({}),T=n(`search aftercall.knowledge.v1 aftercall.model.v1 google.protobuf
#SolutionFacet UNSPECIFIED REASON PRODUCT CLIENT LANGUAGE AUDIENCE CONFIDENCE GOVERNANCE OWNER_GROUP
#StruggleSign UNSPECIFIED LOOKUP_HOLD UNANSWERED_SEARCH TRANSFER_AFTER_SEARCH ASSIST CORRECTION REPEAT
SearchSolutionsRequest text filter:SolutionFilter is_finished:h search_id interaction_id about_reason_code *facets#SolutionFacet page_size:e page_token min_position latest:h
SolutionFilter *reason_codes product client_account_id language audience#1Audience *confidences#1Confidence *governances#1Governance *owner_groups only_verified:h
SearchSolutionsResponse search_id *hits:SolutionHit fits:h is_kept:h *facets:FacetCounts total_size:d total_size_is_upper_bound:h=10 next_page_token=7 complete_through_at:2Timestamp=20 hand_off:h=9
FacetCounts facet#SolutionFacet *counts:FacetCount
FacetCount value count:d
SolutionHit solution_id version:m title snippet snippet_field reason_code confidence#1Confidence audience#1Audience governance#1Governance client_account_id language owner_group verify_by:2Timestamp verification_expired:h published_at:2Timestamp score:b *matches:Match is_guess:h *discriminating_questions ?nearness:b cases_compared:e trust:b solution_number
ListStrugglesRequest from:2Timestamp before:2Timestamp reason_code team_id page_size:e page_token min_position latest:h
ListStrugglesResponse *struggles:Struggle next_page_token complete_through_at:2Timestamp=4
Struggle reason_code score:d counts:StruggleCounts *questions:StruggleQuestion *interaction_ids *search_ids candidate_id draft_solution_id nearest_solution_id nearest_title nearest_is_guess:h *score_by_day:d
StruggleCounts contacts:d lookup_holds:d unanswered_searches:d transfers_after_search:d assists:d corrections:d repeats:d
ListStruggleEvidenceRequest from:2Timestamp before:2Timestamp reason_code team_id sign#StruggleSign page_size:e page_token min_position latest:h
ListStruggleEvidenceResponse *evidence:StruggleEvidence counts:StruggleCounts ?total_size:c next_page_token complete_through_at:2Timestamp=6
StruggleEvidence interaction_id search_id at:2Timestamp counts:StruggleCounts score:d
StruggleQuestion text count:d
LinkAccuracy judged:d right:d ?lower:a ?upper:a
SampleLinksRequest solution_id links_max:e min_position latest:h
SampleLinksResponse *links:SampledLink complete_through_at:2Timestamp=20
SampledLink solution_id version:m title interaction_id reason_code stated resolution
JudgeLinkRequest request_id solution_id interaction_id verdict#1LinkVerdict note
JudgeLinkResponse position link_accuracy:LinkAccuracy
@SearchService SearchSolutions ListStruggles ListStruggleEvidence SampleLinks JudgeLink`,[a,o,h,t]),E=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.LOOKUP_HOLD=1]=`LOOKUP_HOLD`,e[e.UNANSWERED_SEARCH=2]=`UNANSWERED_SEARCH`,e[e.TRANSFER_AFTER_SEARCH=3]=`TRANSFER_AFTER_SEARCH`,e[e.ASSIST=4]=`ASSIST`,e[e.CORRECTION=5]=`CORRECTION`,e[e.REPEAT=6]=`REPEAT`,e}({}),D=r(T,0);export{p as _,g as a,s as b,S as c,y as d,h as f,f as g,d as h,v as i,_ as l,m,E as n,w as o,l as p,b as r,x as s,D as t,C as u,u as v,a as x,c as y};