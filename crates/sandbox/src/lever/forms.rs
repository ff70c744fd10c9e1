//! Forms that people and recruiters fill in. None of it touches `updatedAt` (ref §6.4).

use serde_json::Value;

use super::Lever;
use super::recruiting::{Refused, Trace, refused};
use super::world::{ContactId, Form, FormField, OpportunityId, PostingId};
use crate::message::Millis;

impl Lever {
    /// The person fills in a form behind an unlisted posting: a second opportunity of the same contact, whose
    /// application holds the answers (ref §9). Each answer is (field type, question, value).
    pub fn fill_form(
        &mut self,
        now: Millis,
        contact: &ContactId,
        posting: &PostingId,
        answers: &[(&str, &str, Value)],
    ) -> Result<OpportunityId, Refused> {
        let opportunity = self.add_opportunity(now, contact, Some(posting))?;
        let form = Form {
            id: self.world.fresh_id(),
            template: format!("form-of-{posting}"),
            kind: "posting",
            text: self.posting(posting).map(|posting| posting.title.clone()).unwrap_or_default(),
            fields: fields(answers),
            created_at: now,
            completed_at: Some(now),
            deleted_at: None,
        };
        self.edit(now, &opportunity, Trace::None, |opportunity| {
            if let Some(application) = &mut opportunity.application {
                application.custom_questions.push(form);
            }
        })?;
        Ok(opportunity)
    }

    /// Fills in a new copy of a form on the profile of a candidacy (ref §10); all copies of one title are of one
    /// template. Each answer is (field type, question, value). Gives the form's id.
    pub fn fill_profile_form(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        title: &str,
        answers: &[(&str, &str, Value)],
    ) -> Result<String, Refused> {
        self.put_profile_form(now, opportunity, title, answers, Some(now))
    }

    /// The same with a form that is begun and not completed.
    pub fn begin_profile_form(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        title: &str,
        answers: &[(&str, &str, Value)],
    ) -> Result<String, Refused> {
        self.put_profile_form(now, opportunity, title, answers, None)
    }

    /// Changes an answer on a profile form.
    pub fn change_profile_form(
        &mut self,
        opportunity: &OpportunityId,
        form: &str,
        question: &str,
        value: Value,
    ) -> Result<(), Refused> {
        self.edit_profile_form(opportunity, form, |form| {
            let field = form.fields.iter_mut().find(|field| field.text == question);
            field.map(|field| field.value = value)
        })?
        .ok_or_else(|| refused("there is no such question", question))
    }

    /// Deletes a profile form. It stays in the list and says when it was deleted.
    pub fn delete_profile_form(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        form: &str,
    ) -> Result<(), Refused> {
        self.edit_profile_form(opportunity, form, |form| form.deleted_at = Some(now))
    }

    fn put_profile_form(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        title: &str,
        answers: &[(&str, &str, Value)],
        completed_at: Option<Millis>,
    ) -> Result<String, Refused> {
        let id = self.world.fresh_form_id();
        let form = Form {
            id: id.clone(),
            template: format!("template-{}", slug(title)),
            kind: "form",
            text: title.to_owned(),
            fields: fields(answers),
            created_at: now,
            completed_at,
            deleted_at: None,
        };
        self.edit(now, opportunity, Trace::None, |opportunity| opportunity.forms.push(form))?;
        Ok(id)
    }

    fn edit_profile_form<T>(
        &mut self,
        opportunity: &OpportunityId,
        id: &str,
        edit: impl FnOnce(&mut Form) -> T,
    ) -> Result<T, Refused> {
        // Without a trace the time is not looked at.
        self.edit(0, opportunity, Trace::None, |opportunity| {
            opportunity.forms.iter_mut().find(|form| form.id == id).map(edit)
        })?
        .ok_or_else(|| refused("there is no such form", id))
    }
}

fn fields(answers: &[(&str, &str, Value)]) -> Vec<FormField> {
    let field = |(kind, question, value): &(&str, &str, Value)| FormField {
        id: format!("question-{}", slug(question)),
        kind: (*kind).to_owned(),
        text: (*question).to_owned(),
        value: value.clone(),
    };
    answers.iter().map(field).collect()
}

fn slug(text: &str) -> String {
    text.to_lowercase().replace(' ', "-")
}
