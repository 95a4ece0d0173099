//! Confirming a subscription: by the SDK, with its own address of SNS. The address in the letter is never asked, which
//! anyone may have chosen who can subscribe a topic of his own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use melange::BoxError;
use tokio::sync::OnceCell;

use crate::Aws;
use crate::client::Call;
use crate::signature::VerifiedLetter;

pub(super) type Confirming = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Who confirms.
#[derive(Clone)]
pub(super) enum Confirm {
    /// This account, or where there is none what the environment says, which is looked at when it is needed.
    Sdk(Arc<OnceCell<Aws>>),
    Own(Arc<dyn Fn(VerifiedLetter) -> Confirming + Send + Sync>),
}

impl Confirm {
    pub(super) fn by(aws: Option<Aws>) -> Self {
        Self::Sdk(Arc::new(OnceCell::new_with(aws)))
    }

    /// # Errors
    /// If it is not confirmed. The token is not in the error.
    pub(super) async fn confirm(&self, letter: VerifiedLetter) -> Result<(), BoxError> {
        match self {
            Self::Own(own) => own(letter).await,
            Self::Sdk(aws) => {
                let aws = aws.get_or_init(Aws::from_env).await;
                by_sdk(aws, letter.topic_arn(), letter.token().unwrap_or_default()).await
            }
        }
    }
}

async fn by_sdk(aws: &Aws, topic_arn: &str, token: &str) -> Result<(), BoxError> {
    let client = aws.client();
    client.ready()?;
    // Else everyone who has seen a notification can unsubscribe us, by the address in it.
    let request =
        client.sns.confirm_subscription().topic_arn(topic_arn).token(token).authenticate_on_unsubscribe("true");
    let request = request.customize().config_override(aws.sns_near(topic_arn));
    Call::new("sns:ConfirmSubscription", format!("topic {topic_arn}")).with_message().send(request.send()).await?;
    Ok(())
}
